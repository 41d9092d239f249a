// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import Host
import OpenSSLBridge
package import SystemPackage

/// Reads certificates from a PEM, DER or PKCS #7 file, or from every such file of a folder.
package struct BundleReader: Sendable {
  private let files: HostFiles

  package init(files: HostFiles = HostFiles()) { self.files = files }

  /// The certificates of a bundle, each once, in the order of the files' names and of the certificates in them.
  ///
  /// In a folder, hidden files, subfolders and files without a certificate are passed over; a single file must hold one.
  ///
  /// - Throws: ``BundleError``.
  package func certificates(at path: FilePath) throws(BundleError) -> [Certificate] {
    do {
      guard try files.status(of: path).kind == .folder else {
        let found = try certificates(inFile: path)
        guard !found.isEmpty else { throw BundleError.empty(path) }
        return Self.unique(found)
      }
      var found: [Certificate] = []
      for name in try files.list(path) where !name.hasPrefix(".") {
        let member = path.appending(name)
        guard try files.status(of: member).kind == .regular else { continue }
        found += try certificates(inFile: member)
      }
      guard !found.isEmpty else { throw BundleError.empty(path) }
      return Self.unique(found)
    } catch let error as BundleError {
      throw error
    } catch let error as SystemError {
      throw .unreadable(error)
    } catch {
      throw .damaged(path, String(describing: error))
    }
  }

  private func certificates(inFile path: FilePath) throws -> [Certificate] {
    let bytes = try files.readFile(path, limit: Self.sizeLimit)
    do {
      return try Self.certificates(in: bytes)
    } catch {
      throw BundleError.damaged(path, String(describing: error))
    }
  }

  /// The certificates of a PEM, DER or PKCS #7 file, in its order.
  static func certificates(in bytes: [UInt8]) throws -> [Certificate] {
    // What is encoded in DER begins with the tag of a SEQUENCE, which no PEM text does.
    if bytes.first == 0x30 { return try certificates(inDER: bytes) }
    return try PEMReader.blocks(in: bytes, labelled: labels).flatMap { try certificates(inDER: $0.bytes) }
  }

  /// One certificate, or those of a PKCS #7 file, which some authorities label like a certificate.
  private static func certificates(inDER bytes: [UInt8]) throws -> [Certificate] {
    do {
      return [try Certificate(derEncoded: bytes)]
    } catch {
      guard let found = try PKCS7Certificates.decode(bytes) else { throw error }
      return found
    }
  }

  /// RFC 7468, sections 5, 8 and 9, and what `openssl crl2pkcs7` reads besides.
  private static let labels = PEMReader.certificateLabels.union(["PKCS7", "CMS", "PKCS #7 SIGNED DATA"])

  private static func unique(_ certificates: [Certificate]) -> [Certificate] {
    var seen: Set<Certificate> = []
    return certificates.filter { seen.insert($0).inserted }
  }

  /// The largest store of a distribution has a few hundred kilobytes; in bytes.
  private static let sizeLimit = 16 * 1024 * 1024
}

/// Why a bundle cannot be used.
package enum BundleError: Error, Sendable {
  case unreadable(SystemError)
  case damaged(FilePath, String)
  case empty(FilePath)
}

extension BundleError {
  /// The configuration names the file and whoever put it there chose its permissions; the host is at fault for the rest.
  var culprit: Culprit {
    guard case .unreadable(let error) = self else { return .configuration }
    return [.ioError, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory].contains(error.errno)
      ? .host : .configuration
  }
}

extension BundleError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreadable(let error): "certificates cannot be read: \(error)"
    case .damaged(let path, let what): "\(path) holds something that is no certificate: \(what)"
    case .empty(let path): "\(path) holds no certificate"
    }
  }
}
