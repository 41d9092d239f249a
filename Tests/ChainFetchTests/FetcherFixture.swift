// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import TestSupport
import Testing

@testable import ChainFetch

/// A small authority for the tests of this room, made once.
struct ServerFixture {
  let root: TestIdentity
  let issuing: TestIdentity
  let leaf: TestIdentity

  init() throws {
    root = try TestCA.root()
    issuing = try root.intermediate()
    leaf = try issuing.leaf()
  }

  static let shared = Result { try ServerFixture() }
}

/// Runs `body` with a fetcher that is shut down afterwards.
func withFetcher<Result>(
  concurrency: Int = 256, perHost: Int = 64, loops: Int? = nil, lookupThreads: Int = 8,
  lookup: @escaping @Sendable (HostPort) -> Swift.Result<[SocketAddress], NameLookupError> = ChainFetcher.hostLookup,
  _ body: (ChainFetcher) async throws -> Result
) async throws -> Result {
  let fetcher = try ChainFetcher(
    concurrency: concurrency, perHost: perHost, loops: loops, lookupThreads: lookupThreads, lookup: lookup)
  defer { fetcher.shutDown() }
  return try await body(fetcher)
}

extension ProbeDeadlines {
  /// Longer than any busy machine needs: for tests in which no deadline may pass, or only the one they set.
  static let patient = ProbeDeadlines(
    lookup: .seconds(300), connect: .seconds(300), handshake: .seconds(300), whole: .seconds(300))

  func with(_ part: WritableKeyPath<Self, Duration>, _ duration: Duration) -> Self {
    var deadlines = self
    deadlines[keyPath: part] = duration
    return deadlines
  }
}

extension ProbeTarget {
  /// A server of the tests.
  init(_ server: TLSServer, serverName: String? = nil, deadlines: ProbeDeadlines = .patient) {
    self.init(
      endpoint: "test", host: server.address, port: server.port, serverName: serverName, deadlines: deadlines)
  }
}

/// A look-up that finds nothing but what it was told.
func fixedLookup(
  _ table: [String: [String]]
) -> @Sendable (HostPort) -> Result<[SocketAddress], NameLookupError> {
  { name in
    guard let addresses = table[name.host] else { return .failure(.unknownName) }
    return .success(addresses.compactMap { SocketAddress(literal: $0, port: name.port) })
  }
}
