// SPDX-License-Identifier: Apache-2.0

import Host
import Keystores
import PSEFormat
import Rotation
import Settings
import SystemPackage

/// What stands against taking over the PSE files that a configuration adopts.
///
/// None of it is a mistake for certain: one that was taken over already may be gone, or be another file by now.
enum AdoptionNotes {
  /// One line each, with the place in the configuration.
  static func lines(for configuration: Configuration, files: HostFiles = HostFiles()) -> [String] {
    configuration.keystores.compactMap { keystore in
      guard let adopt = keystore.adopt, let fault = fault(of: adopt, files) else { return nil }
      return """
        \(adopt.declared): note: keystores.\(keystore.name).adopt: \(adopt.file) \(fault); that does no harm if it was \
        taken over already, which “certrotd show \(keystore.name)” says
        """
    }
  }

  /// Completes a sentence that begins with the file.
  private static func fault(of adopt: AdoptionSettings, _ files: HostFiles) -> String? {
    let bytes: SecretBytes
    do throws(SystemError) {
      bytes = try files.readSecretFile(adopt.file, limit: PSEFile.sizeLimit)
    } catch {
      return error.errno == .noSuchFileOrDirectory ? "does not exist" : "cannot be read (\(error))"
    }
    do throws(PSEError) {
      let isProtected = try PSEFile(derEncoded: bytes.copyBytes()).isPINProtected
      guard !isProtected || adopt.pin != nil else {
        return "has a PIN, and 'pin-credential' under 'adopt' does not name it"
      }
      let credentials = CredentialStore(folder: SecretInput.credentialsFolder)
      return AdoptionLook.fault(of: adopt, bytes, credentials: credentials).map { "cannot be taken over: \($0)" }
    } catch {
      return "cannot be taken over: \(FileKind(bytes)?.adviceForPSE ?? error.description)"
    }
  }
}
