// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// One entry of `service-keys`: credentials from the platform that carry a client certificate and its private key.
package struct ServiceKeySettings: Sendable, Equatable {
  package var name: String
  package var source: ServiceKeySource
  package var verify: VerifySettings
  /// How long a new key that the platform refuses is tried again.
  package var verifyPatience: Duration
  package var replacement: KeyReplacement
  /// How long the old service key stays valid beside the new one.
  package var overlap: Duration
  package var renewBefore: RenewBefore
  /// Remaining lifetimes at which an alert is raised, longest first.
  package var alertBefore: [Duration]
  /// Passphrase of an encrypted private key.
  package var passphrase: CredentialReference?
  /// Where the certificate and the private key stand in the JSON, when no known shape fits.
  package var fields: ServiceKeyFields?
  /// The key's own proxy or the default one.
  ///
  /// Whether it applies to a host, `noProxy` says.
  package var proxy: ProxyChoice
  package var noProxy: NoProxyList
  package var declared: Declaration

  package init(
    name: String, source: ServiceKeySource, verify: VerifySettings = .token,
    verifyPatience: Duration = Defaults.verifyPatience, replacement: KeyReplacement = .createFirst,
    overlap: Duration = Defaults.serviceKeyOverlap, renewBefore: RenewBefore = Defaults.renewBefore,
    alertBefore: [Duration] = Defaults.alertBefore, passphrase: CredentialReference? = nil,
    fields: ServiceKeyFields? = nil, proxy: ProxyChoice = .environment, noProxy: NoProxyList = NoProxyList(),
    declared: Declaration = .nowhere
  ) {
    self.name = name
    self.source = source
    self.verify = verify
    self.verifyPatience = verifyPatience
    self.replacement = replacement
    self.overlap = overlap
    self.renewBefore = renewBefore
    self.alertBefore = alertBefore
    self.passphrase = passphrase
    self.fields = fields
    self.proxy = proxy
    self.noProxy = noProxy
    self.declared = declared
  }

  /// Whether it is a key of the very Service Manager that `binding` logs in to, so that its newest one can log in as well.
  package func renews(_ binding: CredentialReference) -> Bool {
    guard case .serviceManager(let source) = source else { return false }
    return source.binding == binding && source.key.preset == .serviceManager
  }

  /// How requests to this host get there.
  package func proxy(forHost host: String, port: UInt16) -> ProxyChoice {
    noProxy.covers(host: host, port: port) ? .direct : proxy
  }
}

/// Where a service key comes from.
package enum ServiceKeySource: Sendable, Hashable {
  /// A file that is dropped in by hand; it need not exist yet.
  case file(FilePath)
  case cloudFoundry(CloudFoundrySource)
  case serviceManager(ServiceManagerSource)

  /// The file that it is dropped into; nil for one that the platform makes.
  package var file: FilePath? {
    if case .file(let path) = self { path } else { nil }
  }

  /// What is made on the platform; nil for a file.
  package var platformKey: PlatformKeySettings? {
    switch self {
    case .file: nil
    case .cloudFoundry(let source): source.key
    case .serviceManager(let source): source.key
    }
  }
}

/// In which order a key on the platform is replaced.
package enum KeyReplacement: String, Sendable, CaseIterable {
  case createFirst = "create-first"
  /// The key in force stops working before there is a new one.
  case deleteFirst = "delete-first"
}

/// How a new service key is tried before it is used.
package enum VerifySettings: Sendable, Hashable {
  /// Asks the key's token endpoint for a token.
  case token
  /// Sends one request with the client certificate. The status of its answer decides, and what comes behind it is not read.
  case request(url: String, method: Method)
  case none

  /// The methods of RFC 9110, section 9.3, and RFC 5789, but for CONNECT and TRACE, which do not reach what answers.
  package enum Method: String, Sendable, CaseIterable {
    case head = "HEAD"
    case get = "GET"
    case options = "OPTIONS"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }
}

/// Dotted paths into the JSON of a service key, such as `credentials.ingest-mtls-cert` or `messaging.0.oa2.key`.
package struct ServiceKeyFields: Sendable, Hashable {
  package var certificate: String
  package var key: String

  package init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}
