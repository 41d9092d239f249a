// SPDX-License-Identifier: Apache-2.0

import Certificates
package import ChainFetch
import Delivery
import FoundationEssentials
import Host
import Keystores
import Ledger
import OpenSSLBridge
package import Planning
package import Settings
import SystemPackage

/// Tries the files of a keystore as they lie on disk, as its `confirm` says: nothing else of what certrotd knows counts.
package struct ConfirmationChecker: Sendable {
  /// One thing that was tried.
  package struct Check: Sendable {
    /// Such as "endpoint cpi-runtime".
    package let name: String
    /// Why it did not confirm the files; nil when it did.
    package let finding: GenerationConfirmation.Finding?
    /// What an endpoint sent that the delivered trust list does not verify.
    let chain: KeystoreJudge.EndpointChain?

    init(_ name: String, _ finding: GenerationConfirmation.Finding? = nil, chain: KeystoreJudge.EndpointChain? = nil) {
      (self.name, self.finding, self.chain) = (name, finding, chain)
    }
  }

  private let context: RotationContext
  private let shelf: GenerationShelf
  private let fetcher: any ChainSource
  private let verifier: IdentityVerifier

  package init(
    context: RotationContext, shelf: GenerationShelf, fetcher: any ChainSource, verifier: IdentityVerifier
  ) {
    self.context = context
    self.shelf = shelf
    self.fetcher = fetcher
    self.verifier = verifier
  }

  /// Tries everything that `confirm` names, all at one time.
  ///
  /// - Parameters:
  ///   - settings: the keystore's, with what they leave open, `inForce(_:)`.
  ///   - confirm: what to try.
  ///   - generation: the one in force.
  ///   - configuration: where the endpoints and the service key stand.
  /// - Returns: one check for each, in the order of the settings; a single one when the files cannot be read.
  /// - Throws: `LedgerError`; `CancellationError`, which says nothing about the files.
  package func run(
    _ settings: KeystoreSettings, _ confirm: ConfirmSettings, of generation: Int, in configuration: Configuration
  ) async throws -> [Check] {
    let files: [ReadKeystore]
    do {
      files = try delivered(settings, generation)
    } catch let unread as Unread {
      return [Check("the files", GenerationConfirmation.Finding(.inconclusive, .host, unread.description))]
    }
    let lists = files.filter { $0.parts.contains(.trust) }.map(\.trust)
    let identity = files.dropFirst().reduce(files.first) { $0?.merging($1) }
    var works: [@Sendable () async throws -> Check] = []
    for endpoint in confirm.endpoints.compactMap(configuration.endpoint(named:)) {
      works.append { try await probe(endpoint, lists, settings.trust) }
    }
    if let use = confirm.identity {
      works.append { try await request(use, identity?.content.identity, settings, configuration) }
    }
    for place in confirm.served { works.append { await connect(place, identity?.certificate) } }
    let checks = try await withThrowingTaskGroup(of: (Int, Check).self) { group in
      for (index, work) in works.enumerated() { group.addTask { (index, try await work()) } }
      var checks: [Int: Check] = [:]
      for try await (index, check) in group { checks[index] = check }
      return works.indices.compactMap { checks[$0] }
    }
    try Task.checkCancellation()
    return checks
  }

  /// What the files hold that consumers open.
  private func delivered(_ settings: KeystoreSettings, _ generation: Int) throws -> [ReadKeystore] {
    let store = shelf.store(of: settings.name)
    let destinations: [DeliveryDestination]
    do {
      let damages = try store.damage(of: generation)
      guard damages.isEmpty else { throw Unread(damages.map(\.description).joined(separator: "; ")) }
      destinations = try store.destinations(of: generation)
    } catch let error as DeliveryError {
      throw Unread(error.description)
    }
    let examiner = FileExaminer(context: context, store: store, generation: generation, delivered: destinations)
    return try settings.files.flatMap { examiner.examine($0, of: settings, []) }.map { file in
      guard let content = file.content else {
        throw Unread("\(file.path) \(file.faults.first ?? "cannot be read")")
      }
      return content
    }
  }

  /// A handshake, judged with each delivered trust list as the only anchors.
  private func probe(
    _ endpoint: EndpointSettings, _ lists: [[Certificate]], _ trust: TrustSettings
  ) async throws -> Check {
    let name = "endpoint \(endpoint.name)"
    let target: ProbeTarget
    do {
      target = try ProbeTarget(endpoint, credentials: context.credentials)
    } catch {
      return Check(name, GenerationConfirmation.Finding(.inconclusive, error.culprit, "\(name): \(error)"))
    }
    let result = await fetcher.probe(target)
    guard let chain = result.chain else {
      let (culprit, reason) =
        result.failure.map { ($0.culprit, $0.description) } ?? (.certrotd, "no answer and no reason")
      return Check(name, GenerationConfirmation.Finding(.inconclusive, culprit, "\(name): \(reason)"))
    }
    let sent = KeystoreJudge.EndpointChain(
      name: endpoint.name, chain: chain.certificates,
      serverName: ServerName(host: endpoint.serverName ?? endpoint.host),
      path: try await context.ledger.latestVerifiedPath(endpoint.name)?.path.certificates ?? [])
    let now = context.clock.now()
    let gaps = lists.lazy.compactMap { KeystoreJudge.gaps(in: $0, towards: [sent], now: now).first }
    guard let gap = gaps.first else { return Check(name) }
    return Check(name, GenerationConfirmation.Finding(.refused, gap.culprit, gap.sentence(for: trust)), chain: sent)
  }

  /// A token request, or a call, with the delivered identity.
  private func request(
    _ use: ConfirmSettings.IdentityUse, _ identity: Identity?, _ settings: KeystoreSettings,
    _ configuration: Configuration
  ) async throws -> Check {
    let name = "the identity"
    guard let identity else {
      let reason = "the files hold no private key with its certificate"
      return Check(name, GenerationConfirmation.Finding(.inconclusive, .configuration, reason))
    }
    var key = ServiceKeySettings(
      name: settings.name, source: .file("/"), proxy: configuration.defaults.proxy,
      noProxy: configuration.defaults.noProxy)
    var entry: IdentityEntry?
    if case .serviceKey(let serviceKey) = settings.identity {
      key = configuration.serviceKey(named: serviceKey) ?? key
      let known = try await context.ledger.identities(.serviceKey(serviceKey))
      entry = known.first { $0.leaf == identity.certificate }
    }
    key.verify = use.verification
    if use == .token, entry?.tokenURL == nil || entry?.clientID == nil {
      let reason =
        "the service key of the delivered certificate names no token endpoint: give 'identity' under 'confirm' a request"
      return Check(name, GenerationConfirmation.Finding(.inconclusive, .configuration, reason))
    }
    switch try await verifier.verify(identity, tokenURL: entry?.tokenURL, clientID: entry?.clientID, key) {
    case .accepted: return Check(name)
    case .refused(let reason):
      return Check(name, GenerationConfirmation.Finding(.refused, .platform, "\(name): \(reason)"))
    case .inconclusive(let culprit, let reason):
      return Check(name, GenerationConfirmation.Finding(.inconclusive, culprit, "\(name): \(reason)"))
    }
  }

  /// Compares the certificate that a server presents with the delivered one.
  ///
  /// That nobody answers counts against the files, too: a consumer that did not come back with them is what this is for.
  /// Only what kept this host from asking does not.
  private func connect(_ place: ServedPlace, _ certificate: Certificate?) async -> Check {
    let name = "the server \(place.address)"
    guard let certificate else {
      return Check(name, GenerationConfirmation.Finding(.inconclusive, .configuration, "the files hold no certificate"))
    }
    let result = await fetcher.probe(
      ProbeTarget(
        endpoint: place.address.description, host: place.address.host, port: place.address.port,
        serverName: place.serverName))
    guard let leaf = result.chain?.leaf else {
      guard let failure = result.failure else {
        return Check(
          name, GenerationConfirmation.Finding(.inconclusive, .certrotd, "\(name) gave no answer and no reason"))
      }
      return Check(
        name,
        GenerationConfirmation.Finding(
          failure.kind.concernsTheServer ? .refused : .inconclusive, failure.culprit,
          "it cannot be told which certificate is served: \(failure)"))
    }
    guard leaf != certificate else { return Check(name) }
    let reason = """
      \(name) presents the certificate \(leaf.fingerprint.short) of \(leaf.subject), and not the delivered \
      \(certificate.fingerprint.short)
      """
    return Check(name, GenerationConfirmation.Finding(.refused, .server, reason))
  }
}

/// Why the files cannot be tried.
private struct Unread: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

extension [ConfirmationChecker.Check] {
  /// What speaks against the files, or says nothing about them; nil when all confirm them.
  package var finding: GenerationConfirmation.Finding? {
    let findings = compactMap(\.finding)
    let refusals = findings.filter { $0.kind == .refused }
    let telling = refusals.isEmpty ? findings : refusals
    guard var finding = telling.first else { return nil }
    if telling.count > 1 { finding.reason += " (and \(telling.count - 1) more)" }
    return finding
  }
}

extension ProbeFailure.Kind {
  /// Whether the server, or its absence, is what was found; without a look-up or a free descriptor nobody was asked.
  fileprivate var concernsTheServer: Bool {
    switch self {
    case .lookupFailed, .lookupStuck, .local, .cancelled: false
    default: true
    }
  }
}
