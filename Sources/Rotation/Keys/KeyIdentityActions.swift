// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Host
import Keystores
import Ledger
import Logging
import OpenSSLBridge
import Planning
import ServiceKeys
import Settings

/// Those actions of a rotation that need the new key's credentials: examining, verifying, delivering.
struct KeyIdentityActions: Sendable {
  let context: RotationContext
  let issuers: IssuerPool
  let verifier: IdentityVerifier

  /// What examination found, and the certificate for the ledger.
  struct Examined: Sendable {
    var outcome: KeyOutcome
    var leaf: Fingerprint?
  }

  /// Looks whether certificate and key are what was asked for, and better than those in force.
  ///
  /// - Parameters:
  ///   - guid: of the new key.
  ///   - settings: of the service key.
  ///   - mayEndEarlier: whether it is taken although it ends no later than the one in force.
  ///   - isAdoption: whether an operator asked for this key, who may ask again.
  /// - Returns: what it came to.
  /// - Throws: `LedgerError`.
  func examine(
    _ guid: String, _ settings: ServiceKeySettings, mayEndEarlier: Bool, isAdoption: Bool
  ) async throws -> Examined {
    let current = try await context.ledger.currentIdentity(.serviceKey(settings.name))?.entry
    do {
      let (_, identity) = try await identity(of: guid, settings, replacing: current, mayEndEarlier: mayEndEarlier)
      let leaf = identity.certificate
      if let current, current.leaf.serialNumber == leaf.serialNumber, current.leaf.issuer == leaf.issuer {
        return Examined(outcome: .defective(words: "its serial number is that of the certificate in force"))
      }
      if let obstacle = await DeliveredForm.obstacle(to: identity, of: settings.name, context) {
        let advice = "have the platform make another kind of key ('parameters'), or take another format"
        return Examined(outcome: .defective(words: "\(obstacle): \(advice)", culprit: Culprit.configuration.rawValue))
      }
      let found = NewCertificate(
        serial: leaf.serialNumber.description, notBefore: leaf.validity.notBefore, notAfter: leaf.validity.notAfter)
      return Examined(outcome: .examined(found), leaf: leaf.fingerprint)
    } catch Defect.bad(let words, let fault) {
      let advice = isAdoption ? fault?.insistence("key adopt") : nil
      return Examined(outcome: .defective(words: advice.map { "\(words): \($0)" } ?? words))
    } catch let defect as Defect {
      return Examined(outcome: defect.outcome)
    }
  }

  /// Asks the platform whether it accepts the identity, by the bytes that will be delivered.
  ///
  /// - Throws: `LedgerError`, and `CancellationError` when the daemon ends meanwhile: that says nothing about the key.
  func verify(_ guid: String, _ settings: ServiceKeySettings) async throws -> KeyOutcome {
    do {
      let (document, identity) = try await identity(of: guid, settings, replacing: nil, mayEndEarlier: true)
      let delivered: Identity
      do {
        delivered = try await DeliveredForm.identity(identity, of: settings.name, context)
      } catch {
        throw Defect.host(String(describing: error), .configuration)
      }
      switch try await verifier.verify(delivered, document, settings) {
      case .accepted: return .verified
      case .refused(let words): return .refused(words: words)
      case .inconclusive(let culprit, let words):
        return .failed(KeyFailure("the new key could not be tried: \(words)", culprit: culprit.rawValue))
      }
    } catch let defect as Defect {
      return defect.outcome
    }
  }

  /// Tells that the next renewal would follow at once, which ``RenewalPoint`` puts off.
  private func warnOfHaste(_ certificate: Certificate, _ settings: ServiceKeySettings) {
    let (start, end) = (certificate.validity.notBefore, certificate.validity.notAfter)
    guard RenewalPoint.due(notBefore: start, notAfter: end, renewBefore: settings.renewBefore) <= context.clock.now()
    else { return }
    context.logger.warning(
      """
      the new key, valid from \(TimeText.instant(start)) to \(TimeText.instant(end)), is due for renewal already: compare \
      the clocks of this host and of the platform, and renew-before with the validity that the platform gives
      """, metadata: ["service-key": .string(settings.name)])
  }

  /// Makes it the service key's identity, unless it is, and looks whether every keystore holds it.
  ///
  /// - Parameters:
  ///   - guid: of the new key.
  ///   - settings: of the service key.
  ///   - isOverdue: the new key is to be replaced itself, so that keystores are not waited for any more.
  /// - Returns: whether they all do.
  /// - Throws: `LedgerError`.
  func deliver(_ guid: String, _ settings: ServiceKeySettings, isOverdue: Bool) async throws -> KeyOutcome {
    do {
      let owner = IdentityOwner.serviceKey(settings.name)
      let (document, identity) = try await identity(of: guid, settings, replacing: nil, mayEndEarlier: true)
      if try await context.ledger.currentIdentity(owner)?.entry.leaf != identity.certificate {
        let new = NewIdentity(
          owner: owner, leaf: identity.certificate, issuers: identity.issuers,
          privateKey: try Self.der(identity.key), clientID: document.clientID, tokenURL: document.tokenURL)
        _ = try await context.ledger.acceptIdentity(new, at: context.clock.now())
        warnOfHaste(identity.certificate, settings)
      }
      let acceptedAt = try await context.ledger.currentEntry(owner)?.acceptedAt
      await context.landscape.update {
        $0.serviceKeys[settings.name, default: SourceState()].identity = IdentityState(
          identity.certificate, issuers: identity.issuers, acceptedAt: acceptedAt)
      }
    } catch let defect as Defect {
      return defect.outcome
    }
    let (configuration, inventory) = (await context.landscape.configuration, await context.landscape.inventory)
    let now = context.clock.now()
    let behind = PlatformKeyPlanner.keystoresBehind(settings.name, configuration, inventory, now: now)
    guard !behind.isEmpty, !isOverdue else { return .delivered }
    return .notDelivered(
      behind, until: PlatformKeyPlanner.firstWindow(of: behind, configuration, inventory, now: now))
  }

  private static func der(_ key: PrivateKey) throws(Defect) -> SecretBytes {
    do throws(PrivateKeyError) {
      return try key.pkcs8DER()
    } catch {
      throw .host(String(describing: error), .host)
    }
  }

  /// Why the credentials cannot be used.
  private enum Defect: Error {
    /// They are bad, and stay so.
    case bad(String, IdentityFault? = nil)
    /// Something on this host is in the way.
    case host(String, Culprit)

    var outcome: KeyOutcome {
      switch self {
      case .bad(let words, _): .defective(words: words)
      case .host(let words, let culprit): .failed(KeyFailure(words, culprit: culprit.rawValue))
      }
    }
  }

  private func identity(
    of guid: String, _ settings: ServiceKeySettings, replacing current: IdentityEntry?, mayEndEarlier: Bool
  ) async throws -> (ServiceKeyDocument, Identity) {
    guard let credentials = try await context.ledger.credentials(of: guid, serviceKey: settings.name) else {
      throw Defect.bad("its credentials are not kept any more")
    }
    do {
      let document = try ServiceKeyReader.read(
        credentials, fields: settings.fields.map { ServiceKeyFieldPaths(certificate: $0.certificate, key: $0.key) })
      let passphrase = try settings.passphrase.map { try context.credentials.secret($0) }
      let key = try PrivateKey(pem: document.privateKeyPEM, passphrase: passphrase)
      // Issuers of the key in force may be those of the next one, which came without them.
      let known = try await context.ledger.currentIdentity(.serviceKey(settings.name))?.entry.issuers ?? []
      let identity = try IdentityExaminer.examine(
        certificates: document.certificates, key: key, completing: await issuers.certificates() + known,
        predecessor: current.map { .init(leaf: $0.leaf, issuers: $0.issuers, mayEndEarlier: mayEndEarlier) },
        use: .clientAuthentication,
        now: context.clock.now())
      return (document, identity)
    } catch let fault as IdentityFault where fault.culprit == .host {
      throw Defect.host(fault.description, .host)
    } catch let fault as IdentityFault where fault.isIncomplete {
      // Another key would lack the same issuer, which a bundle can supply.
      throw Defect.host(fault.description, fault.culprit)
    } catch let fault as IdentityFault {
      let hint =
        fault.isUnfit && settings.fields != nil ? ": see whether the fields of the configuration name a pair" : ""
      throw Defect.bad(fault.finding + hint, fault)
    } catch let error as LedgerError {
      throw error
    } catch ServiceKeyError.fieldMissing(let path) where settings.fields != settings.source.platformKey?.preset?.fields
    {
      // The configuration says where to look, and another key would be read in the same way.
      throw Defect.host(ServiceKeyError.fieldMissing(path: path).description, .configuration)
    } catch let error as ServiceKeyError {
      throw Defect.bad(error.answer)
    } catch let error as CredentialError {
      throw Defect.host(error.description, error.culprit)
    } catch {
      throw Defect.bad(String(describing: error))
    }
  }
}
