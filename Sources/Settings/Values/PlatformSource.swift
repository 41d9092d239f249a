// SPDX-License-Identifier: Apache-2.0

/// A service instance in Cloud Foundry whose service key is made and renewed.
package struct CloudFoundrySource: Sendable, Hashable {
  /// `https://host[:port]`, in lower case.
  package var api: String
  package var organization: String?
  package var space: String?
  /// A name or a GUID.
  package var instance: String
  package var key: PlatformKeySettings
  package var login: LoginSettings

  package init(
    api: String, organization: String? = nil, space: String? = nil, instance: String, key: PlatformKeySettings,
    login: LoginSettings
  ) {
    self.api = api
    self.organization = organization
    self.space = space
    self.instance = instance
    self.key = key
    self.login = login
  }
}

/// A service instance of a Service Manager whose binding is made and renewed.
package struct ServiceManagerSource: Sendable, Hashable {
  /// Holds the credentials of a binding of the Service Manager itself, as JSON.
  package var binding: CredentialReference
  /// A name or an identifier.
  package var instance: String
  package var key: PlatformKeySettings

  package init(binding: CredentialReference, instance: String, key: PlatformKeySettings) {
    self.binding = binding
    self.instance = instance
    self.key = key
  }
}

/// What new keys are like.
package struct PlatformKeySettings: Sendable, Hashable {
  /// What their names begin with; a hyphen and the time follow.
  package var base: String
  /// The name or GUID of a key on the platform to begin with.
  package var adopted: String?
  package var preset: OfferingPreset?
  /// One JSON object, as text; equal settings give equal text.
  package var parameters: String
  /// How long they are valid, as far as the configuration knows.
  package var validity: Duration?
  /// How long they are valid, as far as own parameters seem to say so; nothing but a hint.
  package var likelyValidity: Duration?

  package init(
    base: String, adopted: String? = nil, preset: OfferingPreset?, parameters: String, validity: Duration? = nil,
    likelyValidity: Duration? = nil
  ) {
    self.base = base
    self.adopted = adopted
    self.preset = preset
    self.parameters = parameters
    self.validity = validity
    self.likelyValidity = likelyValidity
  }
}

/// How certrotd logs in to Cloud Foundry.
package enum LoginSettings: Sendable, Hashable {
  /// With a password, at the identity provider `origin`, or at the platform's own.
  case user(name: String, password: CredentialReference, origin: String?)
  /// With a client certificate, for which an Identity Authentication tenant gives passcodes.
  case userCertificate(name: String, tenant: String, certificate: CredentialReference, origin: String?)
  case client(id: String, proof: Proof)

  package enum Proof: Sendable, Hashable {
    case secret(CredentialReference)
    /// PEM: certificate, issuers and private key.
    case certificate(CredentialReference)
  }

  package var credential: CredentialReference {
    switch self {
    case .user(_, let password, _): password
    case .userCertificate(_, _, let certificate, _): certificate
    case .client(_, .secret(let reference)), .client(_, .certificate(let reference)): reference
    }
  }
}

extension ServiceKeySource {
  /// What it takes to log in.
  package var credentials: [CredentialReference] {
    switch self {
    case .file: []
    case .cloudFoundry(let source): [source.login.credential]
    case .serviceManager(let source): [source.binding]
    }
  }
}
