// SPDX-License-Identifier: Apache-2.0

/// Reads files of a keystore back from their bytes, and touches no file itself.
package enum KeystoreReader {
  /// Reads what ``KeystoreWriter`` made.
  ///
  /// - Parameters:
  ///   - format: What the files are to be, with the password where there is one.
  ///   - files: The one file, or all members of the folder.
  /// - Returns: What was found; ``ReadKeystore/merging(_:)`` puts several files together.
  /// - Throws: ``KeystoreError``, when a file is damaged, of another format, or has another password.
  package static func read(
    _ format: FileFormat, _ files: [RenderedFile]
  ) throws(KeystoreError) -> ReadKeystore {
    if case .caDirectory = format { return try PEMRendering.readMembers(files) }
    guard let file = files.first, files.count == 1 else {
      throw .damaged(format, member: nil, reason: "it is one file, and there are \(files.count)")
    }
    switch format {
    case .pse(let options): return try PSERendering.read(file.bytes, options)
    case .pem(.certificate): return try PEMRendering.readCertificates(file)
    case .pem(.key): return try PEMRendering.readKey(file)
    case .pfx(let options): return try PKCS12Rendering.read(file.bytes, options)
    case .javaTruststore(let password): return try PKCS12Rendering.readTrust(file.bytes, password)
    case .caDirectory: return try PEMRendering.readMembers(files)
    }
  }
}
