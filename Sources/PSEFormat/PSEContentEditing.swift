// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension PSEContent {
  /// The content with another salt or number of iterations, and nothing else changed.
  ///
  /// - Throws: ``PSEError/unbuildable(part:reason:)``.
  package func replacing(_ derivation: PINDerivation) throws(PSEError) -> PSEContent {
    try Self.unbuildable("algorithm") {
      PSEContent(
        algorithm: try .pinEncryption(derivation), created: created, keyFlag: keyFlag, keptObjects: objects)
    }
  }

  /// The content with another trust list; every other object stays as it is, understood or not.
  ///
  /// - Parameters:
  ///   - entries: In any order, repeated ones are dropped; without one the object is left out.
  ///   - changed: becomes the time of the trust list, in whole seconds.
  /// - Returns: the changed content.
  /// - Throws: ``PSEError/unbuildable(part:reason:)`` when no object would be left.
  package func replacingTrust(_ entries: [PSETrustList.Entry], changed: Date) throws(PSEError) -> PSEContent {
    guard PSETime(changed).isExpressible else {
      throw .unbuildable(part: "time", reason: "the year is not from 1 to 9999; check the system clock")
    }
    var kept = objects.filter { if case .trustList = $0.value { false } else { true } }
    if !entries.isEmpty {
      kept.append(PSEObject(.trustList, created: changed, value: .trustList(PSETrustList(entries: entries))))
    }
    guard !kept.isEmpty else {
      throw .unbuildable(
        part: "trust list", reason: "it would be the only object and is empty; remove the file instead")
    }
    return try Self.unbuildable("objects") {
      try PSEContent(algorithm: algorithm, created: created, keyFlag: keyFlag, objects: kept)
    }
  }

  /// The objects of a kind that certrotd does not know: kept, and written again unchanged.
  package var unknownObjects: [PSEObject] {
    objects.filter { if case .unknown = $0.value { true } else { false } }
  }

  private static func unbuildable(_ part: String, _ body: () throws -> PSEContent) throws(PSEError) -> PSEContent {
    do {
      return try body()
    } catch let error as PSEError {
      throw error
    } catch {
      throw .unbuildable(part: part, reason: String(describing: error))
    }
  }
}
