// SPDX-License-Identifier: Apache-2.0

import Certificates
import SwiftASN1

/// Why bytes could not be read as a PSE, or parts could not become one.
///
/// The description is one sentence without the file's name, which the caller knows and puts before it.
package enum PSEError: Error, Hashable, Sendable {
  /// The file is larger than a PSE is read; sizes in bytes.
  case tooLarge(bytes: Int, limit: Int)
  /// The grammar is broken at `place`, a way into the file such as `Content, object PKList, certificate 3`.
  case malformed(place: String, reason: String)
  /// The version number in front is none that PSE files have.
  case unknownVersion(String)
  /// Version 256: the file can be opened only on the machine that it was made on (LPS).
  case machineBound
  /// The content is encrypted with a PIN.
  case pinProtected(version: Int)
  /// The PIN does not open the file, or what it encrypts is damaged, which look the same.
  case wrongPIN(version: Int)
  /// The PIN protects the file by another algorithm than the one that is known.
  case unsupportedProtection(algorithm: String)
  /// A PIN that no PSE can have.
  case unusablePIN(reason: String)
  /// The private key is of a kind whose form in a PSE nobody has shown yet.
  case unsupportedKey(algorithm: String)
  /// An object that the caller needs is not in the file.
  case lacking(object: String)
  /// A PSE cannot be built from these parts.
  case unbuildable(part: String, reason: String)
}

extension PSEError {
  /// Runs `body` and puts `place` before the place of whatever it throws.
  static func within<Result>(_ place: String, _ body: () throws -> Result) throws(PSEError) -> Result {
    do {
      return try body()
    } catch let error as PSEError {
      guard case .malformed(let inner, let reason) = error else { throw error }
      throw .malformed(place: inner.isEmpty ? place : "\(place), \(inner)", reason: reason)
    } catch let error as ASN1Error {
      throw .malformed(place: place, reason: error.reason)
    } catch let error as CertificateError {
      throw .malformed(place: place, reason: error.description)
    } catch {
      throw .malformed(place: place, reason: String(describing: error))
    }
  }
}

extension PSEError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLarge(let bytes, let limit):
      "\(bytes) bytes are more than the \(limit) that are read for one PSE; is it another kind of file?"
    case .malformed(let place, let reason):
      "not a readable PSE: \(place): \(reason); the file is damaged or no PSE"
    case .unknownVersion(let version):
      "PSE version \(version) is unknown; certrotd reads versions 2 and 4"
    case .machineBound:
      "PSE version 256 is bound to the machine that made it (LPS) and cannot be read elsewhere; "
        + "make a PSE with LPS switched off"
    case .pinProtected(let version):
      "the PSE (version \(version)) is protected by a PIN and cannot be read without it"
    case .wrongPIN(let version):
      "the PIN does not open the PSE (version \(version)), or the file is damaged"
    case .unsupportedProtection(let algorithm):
      "the PIN protects the PSE by an algorithm that is not supported (\(algorithm)); only SHA-1 with Triple DES is"
    case .unusablePIN(let reason):
      "the PIN cannot be used: \(reason)"
    case .unsupportedKey(let algorithm):
      "the private key in the PSE is of a kind that is not supported (\(algorithm)); only RSA keys are"
    case .lacking(let object):
      "the PSE holds no \(object)"
    case .unbuildable(let part, let reason):
      "cannot make a PSE: \(part): \(reason)"
    }
  }
}
