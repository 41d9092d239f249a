// SPDX-License-Identifier: Apache-2.0

package import Certificates
import FoundationEssentials
package import HTTPTransport
package import Host

/// Fetches issuers that a server forgot to send from the address that the certificate itself names (authority information
/// access, RFC 5280, section 4.2.2.1).
///
/// What comes back is a hint only: it is verified like anything else that a stranger sends. Answers are kept, failures
/// too, so that an endpoint that is probed every few minutes does not fetch every few minutes.
package actor IssuerFetcher {
  /// What was asked for, and where it was allowed to lead: what one endpoint may not fetch says nothing about another's.
  private struct Question: Hashable {
    let location: String
    let permitted: Set<AddressPlace>
  }

  private struct Entry {
    let certificates: [Certificate]
    let until: Date
  }

  private let client: HTTPClient
  private let clock: any WallClock
  private var entries: [Question: Entry] = [:]

  package init(client: HTTPClient, clock: any WallClock) {
    self.client = client
    self.clock = clock
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
  /// - Returns: the certificates; none when the address cannot be fetched or holds none.
  package func certificates(
    at location: String, proxy: HTTPProxy?, permitting permitted: Set<AddressPlace>
  ) async -> [Certificate] {
    let now = clock.now()
    let question = Question(location: location, permitted: permitted)
    if let entry = entries[question], entry.until > now { return entry.certificates }
    let found = await fetch(question, proxy: proxy)
    if entries.count >= Self.entryLimit { entries = entries.filter { $0.value.until > now } }
    if entries.count < Self.entryLimit {
      let keep = found.isEmpty ? Self.failureLifetime : Self.answerLifetime
      entries[question] = Entry(certificates: found, until: now.addingTimeInterval(keep))
    }
    return found
  }

  private func fetch(_ question: Question, proxy: HTTPProxy?) async -> [Certificate] {
    let location = question.location
    // RFC 5280 wants http here, since https could need the very certificate that is missing.
    guard location.lowercased().hasPrefix("http://"), location.utf8.count <= Self.locationLimit else { return [] }
    let request = HTTPRequest(
      url: location, proxy: proxy, deadline: Self.deadline, responseLimit: Self.responseLimit,
      refusedPlaces: Set(AddressPlace.allCases).subtracting(question.permitted), redirectLimit: 2)
    do {
      let response = try await client.send(request)
      guard response.status == 200 else { return [] }
      let body = response.body.copyBytes()
      if body.first == 0x30 { return [try Certificate(derEncoded: body)] }
      return try PEMReader.certificates(in: body)
    } catch {
      // The chain's verdict names the missing issuer; why its address gave nothing adds little to that.
      return []
    }
  }

  /// Seconds.
  private static let answerLifetime: TimeInterval = 24 * 3600
  private static let failureLifetime: TimeInterval = 3600
  private static let deadline = Duration.seconds(10)
  /// Bytes.
  private static let responseLimit = 64 * 1024
  private static let locationLimit = 2048
  private static let entryLimit = 512
}
