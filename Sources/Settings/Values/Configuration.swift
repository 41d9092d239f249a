// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Everything that the configuration files say, validated, with every default filled in.
///
/// Made by `ConfigurationReader`; immutable. The order of entries is the order of the files.
package struct Configuration: Sendable, Equatable {
  package var defaults: Defaults
  package var endpoints: [EndpointSettings] {
    didSet { endpointPositions = Self.positions(endpoints) }
  }
  package var serviceKeys: [ServiceKeySettings]
  package var keystores: [KeystoreSettings]
  /// The configuration files that were read: the main file, then the drop-ins in name order.
  package var files: [FilePath]
  /// The position of each endpoint, since every probe asks for its own among thousands.
  private var endpointPositions: [String: Int]

  package init(
    defaults: Defaults = Defaults(), endpoints: [EndpointSettings] = [], serviceKeys: [ServiceKeySettings] = [],
    keystores: [KeystoreSettings] = [], files: [FilePath] = []
  ) {
    self.defaults = defaults
    self.endpoints = endpoints
    self.serviceKeys = serviceKeys
    self.keystores = keystores
    self.files = files
    endpointPositions = Self.positions(endpoints)
  }

  /// The endpoint of this name, if there is one.
  package func endpoint(named name: String) -> EndpointSettings? {
    endpointPositions[name].map { endpoints[$0] }
  }

  /// The service key of this name, if there is one.
  package func serviceKey(named name: String) -> ServiceKeySettings? {
    serviceKeys.first { $0.name == name }
  }

  /// The keystore of this name, if there is one.
  package func keystore(named name: String) -> KeystoreSettings? {
    keystores.first { $0.name == name }
  }

  /// How long what an endpoint sent before still counts: the longest overlap of the keystores that trust it, or the
  /// default one where none does.
  package func overlap(ofEndpoint name: String) -> Duration {
    keystores.lazy.filter { $0.trust.endpoints.contains(name) }.map(\.overlap).max() ?? Defaults.trustOverlap
  }

  /// Files and folders that the entries name and whose change must be noticed.
  ///
  /// They are service key JSON, PEM identities and bundles: sorted, each once. Neither the configuration files
  /// themselves nor anything that certrotd writes.
  package var watchedFiles: [FilePath] {
    var paths: Set<FilePath> = []
    for endpoint in endpoints {
      if case .bundle(let path) = endpoint.anchors { paths.insert(path) }
    }
    for serviceKey in serviceKeys {
      switch serviceKey.source {
      case .file(let path): paths.insert(path)
      case .cloudFoundry, .serviceManager: break
      }
    }
    for keystore in keystores {
      if case .pem(let files) = keystore.identity {
        paths.insert(files.certificate)
        paths.insert(files.key)
      }
      paths.formUnion(keystore.trust.bundles)
    }
    return paths.sorted { $0.string < $1.string }
  }

  /// Files that `…-credential` keys name, sorted, each once.
  package var credentialFiles: [FilePath] {
    var references = [defaults.proxy.setting?.credential]
    references += endpoints.map { $0.proxy?.credential }
    references += serviceKeys.flatMap { [$0.passphrase, $0.proxy.setting?.credential] + $0.source.credentials }
    for keystore in keystores {
      if case .pem(let files) = keystore.identity { references.append(files.passphrase) }
      references.append(keystore.adopt?.pin)
      references += keystore.files.map(\.format.password)
    }
    let paths = references.compactMap { reference -> FilePath? in
      guard case .file(let path) = reference else { return nil }
      return path
    }
    return Set(paths).sorted { $0.string < $1.string }
  }

  private static func positions(_ endpoints: [EndpointSettings]) -> [String: Int] {
    Dictionary(endpoints.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }
}
