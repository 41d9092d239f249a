// SPDX-License-Identifier: Apache-2.0

package import Certificates
import FoundationEssentials
package import HTTPTransport
package import Host

/// Fetches issuers that a server forgot to send from the address that the certificate itself names (authority information
/// access, RFC 5280, section 4.2.2.1): a certificate, or several as PKCS #7.
///
/// What comes back is a hint only: it is verified like anything else that a stranger sends. Answers are kept, failures
/// too, so that an endpoint that is probed every few minutes does not fetch every few minutes.
package actor IssuerFetcher {
  /// What was asked for, through whom, and where it was allowed to lead: what one endpoint may not or cannot fetch says
  /// nothing about another's.
  private struct Question: Hashable {
    let location: String
    /// Host and port.
    let proxy: String?
    let permitted: Set<AddressPlace>
  }

  private struct Entry {
    let certificates: [Certificate]
    let until: Date
  }

  /// A fetch under way and those who wait for it.
  private struct Running {
    let number: Int
    let task: Task<Void, Never>
    var askers: [Int: AsyncStream<[Certificate]>.Continuation] = [:]
  }

  private let client: HTTPClient
  private let clock: any WallClock
  private let deadline: Duration
  private var entries: [Question: Entry] = [:]
  private var running: [Question: Running] = [:]
  private var lastNumber = 0

  /// - Parameters:
  ///   - client: fetches.
  ///   - clock: says how long an answer is kept.
  ///   - deadline: what one fetch may take.
  package init(client: HTTPClient, clock: any WallClock, deadline: Duration = .seconds(10)) {
    self.client = client
    self.clock = clock
    self.deadline = deadline
  }

  /// Fetches what an address that a certificate names holds.
  ///
  /// The certificate may come from anybody, so that its address must not make this host call what only this host can
  /// reach, such as its own services or a cloud's metadata.
  ///
  /// - Parameters:
  ///   - location: the address; anything but plain `http` without credentials gives nothing.
  ///   - proxy: the endpoint's proxy.
  ///   - permitted: the places that the endpoint itself is in, where it may lead to all the same.
  /// - Returns: the certificates; none when the address cannot be fetched or holds none, or when the caller is cancelled.
  package func certificates(
    at location: String, proxy: HTTPProxy?, permitting permitted: Set<AddressPlace>
  ) async -> [Certificate] {
    let question = Question(
      location: location, proxy: proxy.map { "\($0.host.lowercased()):\($0.port)" }, permitted: permitted)
    if let entry = entries[question], entry.until > clock.now() { return entry.certificates }
    let asker = nextNumber()
    let (answers, continuation) = AsyncStream.makeStream(of: [Certificate].self)
    running[question, default: start(question, proxy)].askers[asker] = continuation
    for await found in answers { return found }
    leave(question, asker)
    return []
  }

  /// How many callers wait for an answer.
  var askers: Int { running.values.reduce(0) { $0 + $1.askers.count } }

  private func nextNumber() -> Int {
    lastNumber += 1
    return lastNumber
  }

  /// Fetches in a task of its own, which the cancellation of one asker does not end.
  private func start(_ question: Question, _ proxy: HTTPProxy?) -> Running {
    let number = nextNumber()
    return Running(
      number: number,
      task: Task {
        let found = await fetch(question, proxy: proxy)
        finish(question, number, found)
      })
  }

  /// Keeps the answer and hands it out, unless everybody left and it is that of a fetch which was cancelled.
  private func finish(_ question: Question, _ number: Int, _ found: [Certificate]) {
    guard let ended = running[question], ended.number == number else { return }
    running[question] = nil
    keep(found, for: question)
    for asker in ended.askers.values {
      asker.yield(found)
      asker.finish()
    }
  }

  /// Called for who was cancelled; the last one takes the fetch along.
  private func leave(_ question: Question, _ asker: Int) {
    guard running[question]?.askers.removeValue(forKey: asker) != nil, running[question]?.askers.isEmpty == true
    else { return }
    running.removeValue(forKey: question)?.task.cancel()
  }

  private func keep(_ found: [Certificate], for question: Question) {
    let now = clock.now()
    if entries.count >= Self.entryLimit { entries = entries.filter { $0.value.until > now } }
    if entries.count < Self.entryLimit {
      let keep = found.isEmpty ? Self.failureLifetime : Self.answerLifetime
      entries[question] = Entry(certificates: found, until: now.addingTimeInterval(keep))
    }
  }

  private func fetch(_ question: Question, proxy: HTTPProxy?) async -> [Certificate] {
    let location = question.location
    // RFC 5280 wants http here, since https could need the very certificate that is missing.
    guard location.lowercased().hasPrefix("http://"), location.utf8.count <= Self.locationLimit else { return [] }
    let request = HTTPRequest(
      url: location, route: proxy.map(HTTPRoute.through) ?? .direct, deadline: deadline, connectDeadline: deadline,
      stallDeadline: deadline,
      responseLimit: Self.responseLimit,
      refusedPlaces: Set(AddressPlace.allCases).subtracting(question.permitted), redirectLimit: 2)
    do {
      let response = try await client.send(request)
      guard response.status == 200 else { return [] }
      return try BundleReader.certificates(in: response.body.copyBytes())
    } catch {
      // The chain's verdict names the missing issuer; why its address gave nothing adds little to that.
      return []
    }
  }

  /// Seconds.
  private static let answerLifetime: TimeInterval = 24 * 3600
  private static let failureLifetime: TimeInterval = 3600
  /// Bytes.
  private static let responseLimit = 64 * 1024
  private static let locationLimit = 2048
  private static let entryLimit = 512
}
