// SPDX-License-Identifier: Apache-2.0

/// The forms of the file around the content, by the number in front.
package enum PSEVersion: Int, Hashable, Sendable, CaseIterable {
  /// Without a PIN the bare content, which is what every consumer opens.
  case two = 2
  /// The content as a string of bytes, with its digest.
  case four = 4
}
