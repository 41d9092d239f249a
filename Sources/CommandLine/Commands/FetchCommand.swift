// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import ChainFetch
import Foundation
import Host
import Rotation
import Settings
import SystemPackage

/// `certrotd fetch`: what the browser did, for an endpoint of the configuration or for any server.
struct FetchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Fetches the chain of a TLS server and judges it.",
    discussion: HelpText.flowing(
      """
      Shows the chain that the server sent, the verified path with its root, the verdict and the end
      dates. --save writes the path, or the chain where there is none, as PEM.

      The name of an endpoint stands for all that the configuration says of it: host, port, connect-to,
      server-name, proxy, anchors, timeout. Anything else, and a name with a port, is a server, of which
      the configuration says nothing. Options win over the configuration.

      EXIT CODES: 0 when the chain is verified, 1 when it is not, the server cannot be reached or --anchors
      holds no certificates, 78 when the configuration has mistakes, the daemon never accepted one, and the
      name may be in it.

      EXAMPLES:
        certrotd fetch s4hana-cloud
        certrotd fetch my123456-api.s4hana.ondemand.com --proxy http://proxy.corp.example:3128
        certrotd fetch 192.0.2.7:8443 --server-name api.example
        certrotd fetch https://intern.example:8443 --anchors /etc/ssl/own-root.pem --save chain.pem
      """))

  @Argument(
    help: ArgumentHelp(
      "The name of an endpoint, HOST[:PORT], or an https or wss URL; port 443 unless named.",
      valueName: "name or host[:port]")
  )
  var server: String

  @Option(
    help: ArgumentHelp("Trust what this PEM file or folder holds, in place of the system's store.", valueName: "file"))
  var anchors: String?

  @Option(help: ArgumentHelp("The name to send (SNI) and to verify, where it is not the host.", valueName: "name"))
  var serverName: String?

  @Option(help: ArgumentHelp("Go through this HTTP proxy, http://HOST:PORT; or none.", valueName: "url"))
  var proxy: String?

  @Option(help: ArgumentHelp("Write the certificates to this file as PEM.", valueName: "file"))
  var save: String?

  @Flag(help: "Ask every address that the name has.")
  var everyAddress = false

  @OptionGroup var options: GlobalOptions
  @OptionGroup var format: FormatOption

  func validate() throws {
    if HostAndPort(address: server) == nil, !EntryName.isValid(server) {
      throw ValidationError("\(server) is no server: write HOST, HOST:PORT or https://HOST:PORT")
    }
    if let serverName, HostAndPort.host(serverName) == nil {
      throw ValidationError("\(serverName) is no server name: write the name alone, without scheme and port")
    }
    if let proxy, proxy != "none", ProxySetting(address: proxy) == nil {
      throw ValidationError("--proxy takes http://HOST:PORT, without a password, or none")
    }
  }

  func run() async throws {
    let endpoint = try endpoint()
    let clock = SystemWallClock()
    let fetcher = try ChainFetcher(loops: 1)
    defer { fetcher.shutDown() }
    let system = SystemTrustStore()
    let inspector = EndpointInspector(
      fetcher: fetcher, anchors: AnchorLibrary(system: system),
      issuers: IssuerFetcher(client: try system.httpClient(connections: 2), clock: clock),
      credentials: CredentialStore(folder: SecretInput.credentialsFolder), clock: clock)
    let report = await inspector.inspect(endpoint) { _ in [] }
    try conclude(report) { try Output.show($0, as: format) }
  }

  /// Shows and saves what was found, and ends with its exit code.
  func conclude(_ report: EndpointReport, showing show: (FetchReport) throws -> Void) throws {
    let failure = save.flatMap { failureToWrite(report, to: $0) }
    // A path that cannot be written must not cost what was fetched, and a second JSON document would help no program.
    try show(FetchReport(report, server: server, error: failure, exitCode: failure.map { _ in ExitCode.fault }))
    if let failure { Output.complain(failure) }
    if report.path == nil || failure != nil { throw ExitCode.fault }
  }

  /// Writes the certificates, and says in a sentence what keeps them from being written; nil when nothing does.
  private func failureToWrite(_ report: EndpointReport, to file: String) -> String? {
    do {
      try write(report, to: FilePath(file))
      return nil
    } catch {
      return "the certificates could not be saved as \(file): \(error)"
    }
  }

  /// What is probed: what the configuration says, where it knows the name, with what the options say.
  private func endpoint() throws -> EndpointSettings {
    var endpoint: EndpointSettings
    if let known = try configured() {
      endpoint = known
    } else if let target = HostAndPort(address: server) {
      endpoint = EndpointSettings(name: server, host: target.host, port: target.port)
    } else {
      throw Refusal("there is no endpoint \(server) in the configuration, and a server has not such a name")
    }
    if let anchors {
      do throws(BundleError) {
        // Whatever the server answers, nothing could be said of it.
        _ = try BundleReader().certificates(at: FilePath(anchors))
      } catch {
        throw Refusal("--anchors \(anchors) cannot be used, and nothing was fetched: \(error)")
      }
      endpoint.anchors = .bundle(FilePath(anchors))
    }
    if let serverName { endpoint.serverName = HostAndPort.host(serverName) }
    if let proxy { endpoint.proxy = ProxySetting(address: proxy) }
    if everyAddress { endpoint.everyAddress = true }
    return endpoint
  }

  /// The endpoint of that name; nil when there is none, or no configuration.
  ///
  /// While the configuration on disk has mistakes, the one that the daemon accepted last tells.
  private func configured() throws -> EndpointSettings? {
    guard EntryName.isValid(server),
      try HostFiles().linkStatusIfPresent(of: options.configuration) != nil
    else { return nil }
    let configuration: Configuration
    do {
      configuration = try Workbench.readConfigurationInForce(options).configuration
    } catch let refusal as ConfigurationRefusal {
      Output.complain(
        "whether \(server) is an endpoint cannot be told while the configuration has mistakes; a host is asked as \(server):443"
      )
      throw refusal
    }
    return configuration.endpoint(named: server)
  }

  private func write(_ report: EndpointReport, to path: FilePath) throws {
    guard let certificates = report.path?.certificates ?? report.chain?.certificates else { return }
    let text = certificates.map { PEMBlock($0).text }.joined()
    try HostFiles().replaceFile(
      at: path, mode: FilePermissions(rawValue: 0o644), contents: SecretBytes(copying: Array(text.utf8)))
  }
}
