// SPDX-License-Identifier: Apache-2.0

import Certificates
package import Host

/// Reads a downloaded service key, whatever shape it has.
package enum ServiceKeyReader {
  /// Reads the JSON of SAP BTP and Cloud Foundry: bare, below `credentials`, `oauth` or `uaa`, in lists, `VCAP_SERVICES`,
  /// the text of `cf service-key`, Kubernetes secrets, Service Manager bindings.
  ///
  /// With `fields` the certificate and the key are taken from there, and nothing is searched. Nothing is verified here:
  /// neither does the key have to fit, nor the certificate to be valid.
  package static func read(
    _ bytes: [UInt8], fields: ServiceKeyFieldPaths? = nil
  ) throws(ServiceKeyError) -> ServiceKeyDocument {
    let text = try ServiceKeyText(bytes)
    let root = try JSONValue.read(text.json)
    let candidate =
      if let fields { try configured(fields, root) } else { try found(root) }
    var document = try document(candidate)
    document.shape = fields == nil ? ShapeFinder.shape(of: candidate, root, hasHeading: text.hasHeading) : .configured
    document.keyName = text.keyName ?? ShapeFinder.keyName(root)
    return document
  }

  /// Reads secret memory; the JSON decoder gets a copy that is freed before this returns.
  package static func read(
    _ secret: SecretBytes, fields: ServiceKeyFieldPaths? = nil
  ) throws(ServiceKeyError) -> ServiceKeyDocument {
    try read(secret.copyBytes(), fields: fields)
  }

  /// Looks whether the text is complete JSON, whatever it says.
  ///
  /// - Throws: ``ServiceKeyError``.
  static func examine(_ secret: SecretBytes) throws(ServiceKeyError) {
    _ = try JSONValue.read(ServiceKeyText(secret.copyBytes()).json)
  }

  private static func configured(
    _ fields: ServiceKeyFieldPaths, _ root: JSONValue
  ) throws(ServiceKeyError) -> CredentialCandidate {
    guard let certificate = DottedPath.resolve(fields.certificate, root) else {
      throw .fieldMissing(path: fields.certificate)
    }
    guard let key = DottedPath.resolve(fields.key, root) else { throw .fieldMissing(path: fields.key) }
    return CredentialCandidate(
      members: certificate.owner, path: certificate.ownerPath,
      certificate: CredentialSearch.pem(certificate.text) ?? certificate.text, certificatePath: fields.certificate,
      key: CredentialSearch.pem(key.text) ?? key.text, keyPath: fields.key, isEncoded: false)
  }

  private static func found(_ root: JSONValue) throws(ServiceKeyError) -> CredentialCandidate {
    let search = CredentialSearch(root)
    let complete = search.candidates.filter { $0.key != nil || PrivateKeyText.isPresent(in: $0.certificate) }
    guard let first = complete.first else {
      if let incomplete = search.candidates.first { throw .keyMissing(path: incomplete.path) }
      if let path = search.secretPaths.first { throw .secretOnly(path: path) }
      throw .noCertificate
    }
    guard complete.count > 1 else { return first }
    let firstDocument = try document(first)
    for other in complete.dropFirst() {
      let document = try document(other)
      if document.certificates != firstDocument.certificates || document.privateKeyPEM != firstDocument.privateKeyPEM {
        throw .ambiguous(paths: complete.map(\.certificatePath))
      }
    }
    return first
  }

  private static func document(_ candidate: CredentialCandidate) throws(ServiceKeyError) -> ServiceKeyDocument {
    let certificates: [Certificate]
    do throws(CertificateError) {
      certificates = try PEMReader.certificates(in: candidate.certificate.utf8)
    } catch {
      throw .badCertificate(path: candidate.certificatePath, reason: error)
    }
    guard !certificates.isEmpty else { throw .noCertificateText(path: candidate.certificatePath) }
    let privateKey: SecretBytes
    do throws(PrivateKeyText.Problem) {
      privateKey = try PrivateKeyText.normalized(candidate.key ?? candidate.certificate)
    } catch {
      throw .badKey(path: candidate.key == nil ? candidate.certificatePath : candidate.keyPath, reason: error.reason)
    }
    return ServiceKeyDocument(
      certificates: certificates, privateKeyPEM: privateKey,
      clientID: candidate.members.text("clientid"), tokenURL: TokenEndpoint.url(in: candidate.members),
      details: candidate.members.member("certificatedetails").flatMap(CertificateDetails.init), shape: .nested,
      fieldPath: candidate.path, keyName: nil)
  }
}

extension CertificateDetails {
  fileprivate init?(_ value: JSONValue) {
    guard case .object = value else { return nil }
    self.init(
      subject: value.text("subjectdn"), issuer: value.text("issuerdn"), validUntil: value.text("validuntil"),
      serialNumber: value.text("serialnumber"))
  }
}
