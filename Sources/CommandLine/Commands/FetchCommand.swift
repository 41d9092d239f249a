// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Certificates
import ChainFetch
import Foundation
import HTTPTransport
import Host
import Rotation
import Settings
import SystemPackage

/// `certrotd fetch`: what the browser did, for one server and without a configuration.
struct FetchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Fetches the chain of a TLS server and judges it.",
    discussion: """
      Shows the chain that the server sent, the verified path with its root, the verdict and the end
      dates. --save writes the path, or the chain where there is none, as PEM.

      EXIT CODES: 0 when the chain is verified, 1 when it is not or the server cannot be reached.

      EXAMPLES:
        certrotd fetch my123456-api.s4hana.ondemand.com
        certrotd fetch https://intern.example:8443 --anchors /etc/ssl/own-root.pem --save chain.pem
      """)

  @Argument(help: ArgumentHelp("HOST[:PORT], or an https URL; port 443 unless named.", valueName: "host[:port]"))
  var server: String

  @Option(
    help: ArgumentHelp("Trust what this PEM file or folder holds, in place of the system's store.", valueName: "file"))
  var anchors: String?

  @Option(help: ArgumentHelp("Write the certificates to this file as PEM.", valueName: "file"))
  var save: String?

  @Flag(help: "Ask every address that the name has.")
  var everyAddress = false

  @OptionGroup var format: FormatOption

  func run() async throws {
    guard let target = HostAndPort(address: server) else {
      throw ValidationError("\(server) is no server: write HOST, HOST:PORT or https://HOST:PORT")
    }
    let clock = SystemWallClock()
    let fetcher = try ChainFetcher(loops: 1)
    defer { fetcher.shutDown() }
    let inspector = EndpointInspector(
      fetcher: fetcher, anchors: AnchorLibrary(),
      issuers: IssuerFetcher(client: try HTTPClient(connections: 2), clock: clock),
      credentials: CredentialStore(folder: nil), clock: clock)
    let endpoint = EndpointSettings(
      name: server, host: target.host, port: target.port,
      anchors: anchors.map { .bundle(FilePath($0)) } ?? .system, everyAddress: everyAddress)
    let report = await inspector.inspect(endpoint) { [] }
    if let save { try write(report, to: FilePath(save)) }
    try Output.show(FetchReport(report, server: server), as: format)
    if report.path == nil { throw ExitCode.fault }
  }

  private func write(_ report: EndpointReport, to path: FilePath) throws {
    guard let certificates = report.path?.certificates ?? report.chain?.certificates else { return }
    let text = certificates.map { PEMBlock($0).text }.joined()
    try HostFiles().replaceFile(
      at: path, mode: FilePermissions(rawValue: 0o644), contents: SecretBytes(copying: Array(text.utf8)))
  }
}
