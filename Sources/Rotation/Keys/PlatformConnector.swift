// SPDX-License-Identifier: Apache-2.0

package import Certificates
package import HTTPTransport
package import Host
package import ServiceKeys
package import Settings

/// Connects a service key of the configuration with the platform that makes it.
package struct PlatformConnector: Sendable {
  /// A platform, and the service instance whose keys are meant.
  package struct Connection: Sendable {
    package var platform: any KeyPlatform
    package var instance: InstanceReference

    package init(platform: any KeyPlatform, instance: InstanceReference) {
      self.platform = platform
      self.instance = instance
    }
  }

  private let client: HTTPClient
  private let logins: LoginPool
  private let credentials: CredentialStore
  private let clock: any WallClock
  private let reach: PlatformReach

  package init(
    client: HTTPClient, logins: LoginPool, credentials: CredentialStore, clock: any WallClock,
    reach: PlatformReach = PlatformReach()
  ) {
    self.client = client
    self.logins = logins
    self.credentials = credentials
    self.clock = clock
    self.reach = reach
  }

  /// What it takes to log in, read once.
  package struct Login: Sendable {
    /// The client certificate, leaf first; empty for a login without one.
    package var certificates: [Certificate]
    fileprivate var proof: Proof

    /// Where the platform is asked, where the configuration does not say it; nil where it does.
    package var address: String? {
      if case .serviceManager(_, let binding) = proof { binding.url } else { nil }
    }

    fileprivate enum Proof {
      case cloudFoundry(CloudFoundrySource, LoginMethod)
      case serviceManager(ServiceManagerSource, ServiceManagerBinding)
      /// Nobody logs in: the platforms are somebody else's.
      case elsewhere(any PlatformSource)
    }
  }

  /// Reads what it takes to log in; nothing is asked of the platform.
  ///
  /// - Parameters:
  ///   - settings: a service key that the platform makes.
  ///   - own: what takes the place of a binding's client certificate once that ends earlier.
  /// - Returns: nil for a service key that is dropped in as a file.
  /// - Throws: `PlatformFailure`, and this host or the configuration is at fault.
  package func login(
    of settings: ServiceKeySettings, own: OwnLogin? = nil
  ) throws(PlatformFailure) -> Login? {
    if let platforms = reach.platforms { return Login(certificates: [], proof: .elsewhere(platforms)) }
    switch settings.source {
    case .file: return nil
    case .cloudFoundry(let source):
      let method = try method(source.login)
      return Login(certificates: try certificates(method), proof: .cloudFoundry(source, method))
    case .serviceManager(let source):
      let binding = try binding(of: source, own)
      return Login(certificates: binding.certificates, proof: .serviceManager(source, binding))
    }
  }

  /// Finds the platform; nothing is logged in yet.
  ///
  /// - Throws: `PlatformFailure`.
  package func connect(
    _ settings: ServiceKeySettings, with login: Login
  ) async throws(PlatformFailure) -> Connection {
    switch login.proof {
    case .elsewhere(let platforms): return try await platforms.connection(to: settings)
    case .cloudFoundry(let source, let method):
      let platform = try await CloudFoundryPlatform.connect(
        api: source.api, method: method, network: network(settings), logins: logins)
      return Connection(
        platform: platform,
        instance: InstanceReference(instance: source.instance, organization: source.organization, space: source.space))
    case .serviceManager(let source, let binding):
      let platform = try await ServiceManagerPlatform.connect(
        binding, network: network(settings), logins: logins)
      return Connection(platform: platform, instance: InstanceReference(instance: source.instance))
    }
  }

  /// Has the login of `settings` tried again at its next use although the platform refused it.
  ///
  /// Nothing is asked of the platform.
  ///
  /// - Throws: `PlatformFailure`, and this host or the configuration is at fault.
  package func pardonLogin(
    of settings: ServiceKeySettings, own: OwnLogin? = nil
  ) async throws(PlatformFailure) {
    switch try login(of: settings, own: own)?.proof {
    case nil, .elsewhere: return
    case .cloudFoundry(_, let method): await logins.pardon(method)
    case .serviceManager(_, let binding): await logins.pardon(binding.method)
    }
  }

  private func binding(
    of source: ServiceManagerSource, _ own: OwnLogin?
  ) throws(PlatformFailure) -> ServiceManagerBinding {
    do throws(PlatformFailure) {
      let binding = try ServiceManagerBinding.read(secret(source.binding))
      return own.map(binding.renewed) ?? binding
    } catch {
      throw PlatformFailure(error.kind, error.culprit, "\(source.binding): \(error.words)")
    }
  }

  private func method(_ login: LoginSettings) throws(PlatformFailure) -> LoginMethod {
    let proof = try secret(login.credential)
    return switch login {
    case .user(let name, _, let origin): .password(user: name, password: proof, origin: origin)
    case .userCertificate(let name, let tenant, _, let origin):
      .passcode(LoginMethod.Passcode(user: name, tenant: tenant, identity: proof, origin: origin))
    case .client(let id, .secret): .clientSecret(clientID: id, secret: proof)
    case .client(let id, .certificate): .clientCertificate(clientID: id, identity: proof)
    }
  }

  private func certificates(_ method: LoginMethod) throws(PlatformFailure) -> [Certificate] {
    let pem: SecretBytes
    switch method {
    case .password, .clientSecret: return []
    case .passcode(let passcode): pem = passcode.identity
    case .clientCertificate(_, let identity): pem = identity
    }
    do throws(CertificateError) {
      return try PEMReader.certificates(in: pem.copyBytes())
    } catch {
      throw PlatformFailure(.local, .configuration, "the certificate of the login cannot be read: \(error)")
    }
  }

  private func secret(_ reference: CredentialReference) throws(PlatformFailure) -> SecretBytes {
    do throws(CredentialError) {
      return try credentials.secret(reference)
    } catch {
      throw PlatformFailure(.local, error.culprit, error.description)
    }
  }

  private func network(_ settings: ServiceKeySettings) -> PlatformNetwork {
    let routes = ServiceKeyRoutes(settings, credentials)
    return PlatformNetwork(
      client: client,
      route: { url throws(PlatformFailure) in
        do throws(CredentialError) {
          return try routes.route(to: url)
        } catch {
          throw PlatformFailure(.local, error.culprit, error.description)
        }
      }, trust: reach.trust, wallClock: clock, clock: reach.pauses)
  }
}
