// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import ChainFetch
import FoundationEssentials
import HTTPTransport
package import Host
import OpenSSLBridge
package import Settings

/// Looks at an endpoint as a client would: fetches its chain and judges it against its anchors.
package struct EndpointInspector: Sendable {
  private let fetcher: any ChainSource
  private let anchors: AnchorLibrary
  private let issuers: IssuerFetcher
  private let credentials: CredentialStore
  private let clock: any WallClock

  package init(
    fetcher: any ChainSource, anchors: AnchorLibrary, issuers: IssuerFetcher, credentials: CredentialStore,
    clock: any WallClock
  ) {
    self.fetcher = fetcher
    self.anchors = anchors
    self.issuers = issuers
    self.credentials = credentials
    self.clock = clock
  }

  /// Probes `endpoint` and judges what it sent.
  ///
  /// - Parameters:
  ///   - endpoint: what to probe.
  ///   - known: certificates seen before that may complete the chain it is given; asked only when that needs it.
  /// - Returns: what was found; a failure is a finding too.
  package func inspect(
    _ endpoint: EndpointSettings, known: @Sendable (Chain) async -> [Certificate]
  ) async -> EndpointReport {
    let target: ProbeTarget
    do {
      target = try ProbeTarget(endpoint, credentials: credentials)
    } catch {
      return EndpointReport(
        endpoint: endpoint.name, chain: nil, verdict: .notJudged(error.culprit, String(describing: error)))
    }
    let result = await fetcher.probe(target)
    guard let chain = result.chain else {
      let verdict = result.failure.map { EndpointReport.Verdict.failed($0) }
      return EndpointReport(
        endpoint: endpoint.name, chain: nil,
        verdict: verdict ?? .notJudged(.certrotd, "the probe gave neither a chain nor a reason"),
        answers: result.answers, disagreement: result.disagreement)
    }
    let proxy = target.proxy.map { HTTPProxy(host: $0.host, port: $0.port, credentials: $0.credentials) }
    return EndpointReport(
      endpoint: endpoint.name, chain: chain,
      verdict: await judge(
        chain, of: endpoint, proxy: proxy, permitting: Self.places(of: target, result), known: known),
      answers: result.answers,
      disagreement: result.disagreement)
  }

  /// Judges a chain against the endpoint's anchors; issuers that the server did not send are looked for among those seen
  /// before, then fetched from where the certificates say.
  private func judge(
    _ chain: Chain, of endpoint: EndpointSettings, proxy: HTTPProxy?, permitting places: Set<AddressPlace>,
    known: @Sendable (Chain) async -> [Certificate]
  ) async -> EndpointReport.Verdict {
    let anchorSet: TrustAnchors
    do {
      anchorSet = try await anchors.anchors(endpoint.anchors)
    } catch let error as BundleError {
      return .notJudged(error.culprit, error.description)
    } catch {
      return .notJudged(.host, "the trust store cannot be loaded: \(error)")
    }
    let name = ServerName(host: endpoint.serverName ?? endpoint.host)
    var helpers: [Certificate] = []
    var asked: Set<String> = []
    var askedKnown = false
    while true {
      let verdict = PathBuilder.build(
        chain: chain.certificates, anchors: anchorSet, alsoKnown: helpers, name: name, purpose: .server,
        now: clock.now())
      let complaints: [CertificateComplaint]
      switch verdict {
      case .verified(let path): return .verified(path)
      case .rejected(let found): complaints = found
      }
      var more: [Certificate] = []
      if !askedKnown {
        askedKnown = true
        more = await known(chain)
      }
      if more.isEmpty { more = await missingIssuers(complaints, asked: &asked, proxy, places) }
      guard !more.isEmpty else { return .rejected(complaints) }
      helpers += more
    }
  }

  /// The places that an endpoint is in: by the addresses that answered, or, as a proxy hides those, by its own name.
  private static func places(of target: ProbeTarget, _ result: ProbeResult) -> Set<AddressPlace> {
    guard target.proxy == nil else {
      return Set([SocketAddress(literal: target.connectTo?.host ?? target.host, port: 0)?.place].compactMap(\.self))
    }
    return Set(result.answers.compactMap { $0.address.flatMap { Self.place(of: $0) } })
  }

  /// Of an address with its port, such as `192.0.2.1:443` or `[::1]:443`.
  private static func place(of answer: String) -> AddressPlace? {
    guard let colon = answer.lastIndex(of: ":") else { return nil }
    let host = answer[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
    return SocketAddress(literal: String(host), port: 0)?.place
  }

  private func missingIssuers(
    _ complaints: [CertificateComplaint], asked: inout Set<String>, _ proxy: HTTPProxy?, _ places: Set<AddressPlace>
  ) async -> [Certificate] {
    var found: [Certificate] = []
    for complaint in complaints {
      for location in complaint.issuerLocations where asked.count < Self.fetchLimit && asked.insert(location).inserted {
        found += await issuers.certificates(at: location, proxy: proxy, permitting: places)
      }
    }
    return found
  }

  /// How many addresses one look may fetch from; a chain has two or three issuers.
  private static let fetchLimit = 4
}
