// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import Host

/// What a downloaded service key holds, as found: nothing in here has been verified.
package struct ServiceKeyDocument: Sendable, Equatable {
  /// In the order of the file, at least one; which is the leaf, the private key tells.
  package var certificates: [Certificate]
  /// One PEM block with lines of 64 characters: PKCS#1, PKCS#8 or SEC1, maybe encrypted.
  package var privateKeyPEM: SecretBytes
  package var clientID: String?
  /// The whole `https` address that tokens are requested from with the client certificate.
  package var tokenURL: String?
  /// What the platform says of the certificate; the certificate itself is the authority.
  package var details: CertificateDetails?
  package var shape: ServiceKeyShape
  /// Dotted path of the object that holds the certificate; empty for the whole document.
  package var fieldPath: String
  /// The name of the service key or binding, where the file tells it.
  package var keyName: String?
}

/// The object `certificatedetails` of SAP Cloud Integration, as text.
package struct CertificateDetails: Sendable, Hashable {
  package var subject: String?
  package var issuer: String?
  /// Such as `2023-06-24T12:56:52.000Z`.
  package var validUntil: String?
  package var serialNumber: String?
}

/// Which of the known shapes a file has.
package enum ServiceKeyShape: String, Sendable, CaseIterable {
  /// The credentials are the document.
  case bare
  /// `{"credentials": {…}}`, as Cloud Foundry's API answers.
  case credentials
  /// Below `oauth`, as SAP Cloud Integration has it.
  case oauth
  /// Below `uaa`, as services that are built on XSUAA have it.
  case uaa
  /// In an element of a list, such as `messaging[0].oa2` of Event Mesh.
  case list
  /// The environment variable `VCAP_SERVICES`.
  case vcapServices = "vcap-services"
  /// The output of `cf service-key`, with its heading.
  case cloudFoundryText = "cf-service-key"
  case kubernetesSecret = "kubernetes-secret"
  case serviceManagerBinding = "service-manager-binding"
  /// Found where the configuration says.
  case configured
  /// Somewhere else.
  case nested
}

/// Where the configuration says that certificate and key stand: dotted paths, elements of lists by their number.
package struct ServiceKeyFieldPaths: Sendable, Hashable {
  package var certificate: String
  package var key: String

  package init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}
