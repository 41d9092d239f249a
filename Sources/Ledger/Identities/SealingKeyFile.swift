// SPDX-License-Identifier: Apache-2.0

import Host
package import OpenSSLBridge
package import SystemPackage

/// Files that hold the key that private keys are sealed under: 32 bytes, or 64 hexadecimal digits.
package enum SealingKeyFile {
  /// Reads a key file, or makes one of 32 random bytes with mode 0600 when there is none.
  ///
  /// A new one is complete and on disk under its name, or not there at all, whenever the host stops; it never takes the
  /// place of another.
  ///
  /// - Throws: ``LedgerError/sealingKeyUnusable(origin:detail:)``.
  package static func loadOrCreate(at path: FilePath) throws(LedgerError) -> SealingKey {
    let origin = SealingKeySource.file(path).origin
    return try reading(origin) { () throws in
      // One process makes it while the others wait, so that none of them replaces a key that was made.
      try ExclusiveSection.run(for: path) {
        let files = HostFiles()
        if try files.linkStatusIfPresent(of: path) != nil { return }
        let heir = try FolderOwner(of: path)
        try files.replaceFile(
          at: path, mode: .ownerReadWrite, owner: heir.owner, group: heir.group,
          contents: SealingKey.random().bytes)
      }
      return try ownFile(path, origin: origin)
    }
  }

  /// Reads a key file that has to exist, readable by its owner only.
  ///
  /// - Throws: ``LedgerError/sealingKeyUnusable(origin:detail:)``.
  package static func load(at path: FilePath) throws(LedgerError) -> SealingKey {
    let origin = SealingKeySource.file(path).origin
    return try reading(origin) { () throws in try ownFile(path, origin: origin) }
  }

  /// Reads a key from a systemd credential.
  ///
  /// Its mode is systemd's affair, which grants access by an access list.
  ///
  /// - Throws: ``LedgerError/sealingKeyUnusable(origin:detail:)``.
  package static func load(credential path: FilePath) throws(LedgerError) -> SealingKey {
    let origin = SealingKeySource.credential(path).origin
    return try reading(origin) { () throws in try key(path, origin: origin) }
  }

  private static func ownFile(_ path: FilePath, origin: String) throws -> SealingKey {
    let mode = try HostFiles().status(of: path).mode.rawValue
    guard mode & 0o077 == 0 else {
      throw LedgerError.sealingKeyUnusable(
        origin: origin, detail: "others than its owner may use it (mode 0\(String(mode, radix: 8))); set mode 0600")
    }
    return try key(path, origin: origin)
  }

  private static func key(_ path: FilePath, origin: String) throws -> SealingKey {
    let bytes = try HostFiles().readSecretFile(path, limit: 1024)
    guard let raw = rawKey(bytes) else {
      throw LedgerError.sealingKeyUnusable(
        origin: origin,
        detail: "it holds \(bytes.count) bytes; a key is \(SealingKey.length) bytes or "
          + "\(SealingKey.length * 2) hexadecimal digits; restore it from a backup")
    }
    return try SealingKey(raw)
  }

  private static func rawKey(_ bytes: SecretBytes) -> SecretBytes? {
    if bytes.count == SealingKey.length { return bytes }
    return bytes.withSpan { span in
      var end = span.count
      while end > 0, span[end - 1] == 0x0a || span[end - 1] == 0x0d || span[end - 1] == 0x20 { end -= 1 }
      guard end == SealingKey.length * 2 else { return nil }
      var isHexadecimal = true
      let raw = SecretBytes(count: SealingKey.length) { output in
        for index in 0..<SealingKey.length {
          guard let high = digit(span[index * 2]), let low = digit(span[index * 2 + 1]) else {
            isHexadecimal = false
            return
          }
          output[index] = high << 4 | low
        }
      }
      return isHexadecimal ? raw : nil
    }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  private static func reading<Value>(_ origin: String, _ body: () throws -> Value) throws(LedgerError) -> Value {
    do {
      return try body()
    } catch let error as LedgerError {
      throw error
    } catch {
      throw .sealingKeyUnusable(origin: origin, detail: "\(error)")
    }
  }
}
