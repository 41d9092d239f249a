// SPDX-License-Identifier: Apache-2.0

import Host
import Logging
import Settings
import SystemPackage

/// Warns of a private key that everybody on the host may use, once it was taken over from its file.
///
/// It is no reason to refuse it: the key that it replaces may end before anybody looks.
enum OpenKeyFile {
  static func warn(of path: FilePath, _ context: RotationContext) {
    do throws(SystemError) {
      let mode = UInt16(truncatingIfNeeded: try context.files.status(of: path).mode.rawValue)
      guard let exposure = FileFacts(kind: .file, mode: mode).exposure else { return }
      context.logger.warning("\(path) \(exposure): chmod o= \(path)", metadata: ["path": .string(path.string)])
    } catch {
      // It was read a moment ago: whoever takes it away meanwhile exposes nothing.
      return
    }
  }
}
