// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import GRDB
import OpenSSLBridge

/// A row of `observation` with the name of its endpoint.
struct ObservationRecord: LedgerRecord {
  let name: String
  let verdict: ObservedVerdict.Name
  let chain: Int64?
  let path: Int64?
  let culprit: Culprit?
  let reason: String?
  let disagreement: Bool
  let firstSeen: Instant
  let lastSeen: Instant
  let count: Int

  static let selection = """
    SELECT subject.name, verdict, chain, path, culprit, reason, disagreement, observation.first_seen, last_seen, count
    FROM observation JOIN subject ON subject.id = observation.endpoint
    """

  func stored(in database: Database) throws -> StoredObservation {
    StoredObservation(
      observation: EndpointObservation(
        endpoint: name, verdict: try observedVerdict(in: database),
        chain: try database.certificates(inList: chain), disagreement: disagreement),
      firstSeen: firstSeen.date, lastSeen: lastSeen.date, count: count)
  }

  func verifiedPath(in database: Database) throws -> VerifiedPath {
    VerifiedPath(
      path: try certificatePath(in: database), chain: try database.certificates(inList: chain), at: lastSeen.date)
  }

  private func observedVerdict(in database: Database) throws -> ObservedVerdict {
    switch verdict {
    case .verified: .verified(path: try certificatePath(in: database))
    case .rejected: .rejected(try fault())
    case .failed: .failed(try fault())
    }
  }

  private func certificatePath(in database: Database) throws -> CertificatePath {
    guard let path = CertificatePath(try database.certificates(inList: path)) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a verified observation of \(name) has no path")
    }
    return path
  }

  private func fault() throws -> ObservedFault {
    guard let culprit, let reason else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an observation of \(name) has no reason")
    }
    return ObservedFault(culprit, reason)
  }
}

extension ObservedVerdict {
  /// The word in the ledger.
  enum Name: String, Sendable, Codable { case verified, rejected, failed }

  var name: Name {
    switch self {
    case .verified: .verified
    case .rejected: .rejected
    case .failed: .failed
    }
  }
}

extension EndpointObservation {
  var path: [Certificate] {
    guard case .verified(let path) = verdict else { return [] }
    return path.certificates
  }

  var fault: ObservedFault? {
    switch verdict {
    case .verified: nil
    case .rejected(let fault), .failed(let fault): fault
    }
  }

  /// A digest of all that makes two observations of an endpoint different.
  var contentDigest: [UInt8] {
    // The numbers of certificates come first, so that none of the chain can pass for one of the path.
    var parts: [[UInt8]] = [
      [UInt8(clamping: chain.count), UInt8(clamping: path.count), disagreement ? 1 : 0],
      Array(verdict.name.rawValue.utf8), Array((fault?.culprit.rawValue ?? "").utf8),
      Array((fault?.reason ?? "").utf8),
    ]
    for certificate in chain { parts.append(certificate.derBytes) }
    for certificate in path { parts.append(certificate.derBytes) }
    return Digest.sha256(LengthPrefixed.encode(parts))
  }
}
