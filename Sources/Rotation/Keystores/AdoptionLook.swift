// SPDX-License-Identifier: Apache-2.0

import Certificates
package import Host
import Keystores
import OpenSSLBridge
import PSEFormat
package import Settings

/// What can be told of a PSE before it is taken over, without the ledger and without the bundles of the daemon.
package enum AdoptionLook {
  /// What stands against taking it over, to be put behind its path; nil where nothing does, or only the service can tell.
  ///
  /// That an issuer is missing is none of it: the daemon may know it.
  ///
  /// - Parameters:
  ///   - adopt: the PSE, its PIN, and what is not wanted of it.
  ///   - bytes: the file.
  ///   - credentials: where its PIN is.
  /// - Returns: a part of a sentence.
  package static func fault(
    of adopt: AdoptionSettings, _ bytes: SecretBytes, credentials: CredentialStore
  ) -> String? {
    do {
      let pin = try adopt.pin.map { try credentials.secret($0) }
      let document = try PSEDocument.open(bytes, pin: pin)
      let read = try document.read()
      var identity: Identity?
      if let key = read.key, let leaf = read.certificate {
        let issuers = ChainCompletion.issuers(of: leaf, own: read.issuers + read.trust, known: [])
        identity = Identity(certificate: leaf, key: key, issuers: issuers)
      }
      let losses = document.losses(in: read, identity: identity, besides: adopt.without)
      return losses.isEmpty ? nil : "\(AdoptionRefusal.losses(losses))"
    } catch CredentialError.noCredentialFolder {
      return nil
    } catch {
      return "\(error)"
    }
  }
}
