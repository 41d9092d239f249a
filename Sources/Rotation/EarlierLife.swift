// SPDX-License-Identifier: Apache-2.0

package import Host
package import SystemPackage

/// What certrotd left in its state folder when it worked there before.
package enum EarlierLife {
  /// The traces of an earlier life where there is no ledger, or an empty one; none where there is one.
  ///
  /// By them a ledger that was removed or emptied is told from one that never was.
  ///
  /// - Parameters:
  ///   - layout: where state is kept.
  ///   - files: how files are looked at.
  /// - Returns: paths of what is there, a few at most.
  /// - Throws: `SystemError` when nobody can tell.
  package static func traces(in layout: StateLayout, files: HostFiles) throws(SystemError) -> [FilePath] {
    let ledger = try files.linkStatusIfPresent(of: layout.ledger)
    guard (ledger?.size ?? 0) == 0 else { return [] }
    var traces: [FilePath] = []
    // The key is made right after an empty ledger: beside one, it proves nothing.
    for path in [layout.acceptedConfiguration] + (ledger == nil ? [layout.sealingKey] : [])
    where try files.linkStatusIfPresent(of: path) != nil {
      traces.append(path)
    }
    guard try files.linkStatusIfPresent(of: layout.keystores) != nil else { return traces }
    for name in try files.list(layout.keystores).sorted() {
      let generations = layout.keystore(name).appending("generations")
      guard try files.linkStatusIfPresent(of: generations) != nil, try !files.list(generations).isEmpty else {
        continue
      }
      traces.append(generations)
      if traces.count == most { break }
    }
    return traces
  }

  /// Enough for a sentence.
  private static let most = 4
}
