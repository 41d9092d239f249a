// SPDX-License-Identifier: Apache-2.0

package import Certificates
import Delivery
import Host
package import Keystores
import OpenSSLBridge
import PSEFormat
import Planning
package import Settings
package import SystemPackage

/// One file or folder of a keystore with everything resolved that the configuration only names: passwords, accounts.
package struct KeystoreOutput: Sendable {
  package let format: FileFormat
  package let path: OutputPath
  package let owner: UInt32?
  package let group: UInt32?
  package let mode: FilePermissions
  /// SAP's own tool, where it makes the file.
  package let tool: SapgenpseSettings?

  /// The outputs of a keystore, in the order of the configuration.
  ///
  /// - Throws: ``OutputError`` for an account that does not exist and a credential that cannot be read.
  package static func resolve(
    _ keystore: KeystoreSettings, credentials: CredentialStore
  ) throws(OutputError) -> [KeystoreOutput] {
    var outputs: [KeystoreOutput] = []
    for file in keystore.files {
      let access = try access(to: file)
      for (format, path) in try formats(of: file.format, credentials) {
        outputs.append(
          KeystoreOutput(
            format: format, path: path, owner: access.owner, group: access.group, mode: access.mode, tool: file.tool))
      }
    }
    return outputs
  }

  /// Who may use a file, by the numbers of this host.
  ///
  /// - Throws: ``OutputError`` for an account that does not exist.
  static func access(to file: FileSettings) throws(OutputError) -> FileOwnership {
    FileOwnership(
      owner: try file.owner.map { name throws(OutputError) in try userID(name) },
      group: try file.group.map { name throws(OutputError) in try groupID(name) },
      mode: FilePermissions(rawValue: CModeT(file.mode ?? Defaults.fileMode)))
  }

  private static func formats(
    of settings: FileFormatSettings, _ credentials: CredentialStore
  ) throws(OutputError) -> [(FileFormat, OutputPath)] {
    switch settings {
    case .pse(let pse):
      let options = FileFormat.PSEOptions(
        version: (pse.version ?? Defaults.pseVersion) == .four ? .four : .two,
        pin: try pse.pin.map { pin throws(OutputError) in try secret(.credential(pin), credentials) },
        list: pse.certificateList == .chain ? .chain : .issuers)
      return [(.pse(options), pse.path)]
    case .caDirectory(let path): return [(.caDirectory, path)]
    case .javaTruststore(let path, let password):
      return [(.javaTruststore(password: try secret(password, credentials)), path)]
    case .pfx(let pfx):
      let options = FileFormat.PFXOptions(
        password: try secret(pfx.password, credentials), profile: pfx.profile == .legacy ? .legacy : .modern,
        alias: pfx.alias)
      return [(.pfx(options), pfx.path)]
    case .pem(let pem):
      var formats: [(FileFormat, OutputPath)] = []
      if let path = pem.certificate { formats.append((.pem(.certificate), path)) }
      if let path = pem.key { formats.append((.pem(.key(pem.keyFormat == .pkcs1 ? .pkcs1 : .pkcs8)), path)) }
      return formats
    }
  }

  private static func secret(
    _ source: PasswordSource, _ credentials: CredentialStore
  ) throws(OutputError) -> SecretBytes {
    switch source {
    case .empty: return SecretBytes(copying: [])
    case .credential(let reference):
      do {
        return try credentials.secret(reference)
      } catch {
        throw .credential(error)
      }
    }
  }

  private static func userID(_ name: String) throws(OutputError) -> UInt32 {
    do {
      guard let number = try Accounts.userID(named: name) else { throw OutputError.unknownUser(name) }
      return number
    } catch let error as OutputError {
      throw error
    } catch {
      throw .accounts(String(describing: error))
    }
  }

  private static func groupID(_ name: String) throws(OutputError) -> UInt32 {
    do {
      guard let number = try Accounts.groupID(named: name) else { throw OutputError.unknownGroup(name) }
      return number
    } catch let error as OutputError {
      throw error
    } catch {
      throw .accounts(String(describing: error))
    }
  }
}

/// Why an output cannot be made as the configuration wants it.
package enum OutputError: Error, Sendable {
  case unknownUser(String)
  case unknownGroup(String)
  case accounts(String)
  case credential(CredentialError)

  package var culprit: Culprit {
    switch self {
    case .accounts: .host
    case .unknownUser, .unknownGroup, .credential: .configuration
    }
  }
}

extension OutputError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownUser(let name): "there is no user \(name) on this host: create it, or correct 'owner'"
    case .unknownGroup(let name): "there is no group \(name) on this host: create it, or correct 'group'"
    case .accounts(let what): "the host's accounts cannot be read: \(what)"
    case .credential(let error): error.description
    }
  }
}

extension FileSettings {
  /// SAP's own tool, where it makes the file.
  fileprivate var tool: SapgenpseSettings? {
    guard case .pse(let pse) = format, pse.writer == .sapgenpse else { return nil }
    return pse.tool
  }
}

extension KeystoreSettings {
  /// For reading files of a time that nobody remembers: with the PIN that one of them may have.
  var readable: KeystoreSettings {
    guard let pin = adopt?.pin else { return self }
    var settings = self
    settings.files = files.map { $0.protected(by: pin) }
    return settings
  }
}
