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
    let file = try single(format, files)
    switch format {
    case .pse(let options): return try PSERendering.read(file.bytes, options)
    case .pem(.certificate): return try PEMRendering.readCertificates(file)
    case .pem(.key): return try PEMRendering.readKey(file)
    case .pfx(let options): return try PKCS12Rendering.read(file.bytes, options)
    case .javaTruststore(let password): return try PKCS12Rendering.readTrust(file.bytes, password)
    case .caDirectory: return try PEMRendering.readMembers(files)
    }
  }

  /// Whether a file opens with the password of its format; true for a format without one.
  ///
  /// - Parameters:
  ///   - format: What the file is, with the password.
  ///   - files: The one file.
  /// - Returns: false for another password, and for a file whose integrity is broken.
  /// - Throws: ``KeystoreError``, when the file is none of this format.
  package static func opens(_ format: FileFormat, _ files: [RenderedFile]) throws(KeystoreError) -> Bool {
    switch format {
    case .pem, .caDirectory: true
    case .pse(let options): try PSERendering.opens(single(format, files).bytes, options)
    case .pfx(let options): try PKCS12Rendering.opens(single(format, files).bytes, options.password)
    case .javaTruststore(let password): try PKCS12Rendering.opens(single(format, files).bytes, password)
    }
  }

  private static func single(_ format: FileFormat, _ files: [RenderedFile]) throws(KeystoreError) -> RenderedFile {
    guard let file = files.first, files.count == 1 else {
      throw .damaged(format, member: nil, reason: "it is one file, and there are \(files.count)")
    }
    return file
  }
}
