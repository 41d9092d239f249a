// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTransport
import Host
import Settings
import SystemPackage
import TestSupport
import Testing

@testable import Rotation

/// Ways to the hosts of a service key.
struct ServiceKeyRoutesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func routes(_ proxy: ProxyChoice, noProxy: String...) -> ServiceKeyRoutes {
    let settings = ServiceKeySettings(
      name: "sender", source: .file("/etc/sender.json"), proxy: proxy,
      noProxy: NoProxyList(noProxy))
    return ServiceKeyRoutes(settings, CredentialStore(folder: nil, files: HostFiles()))
  }

  private func proxy(credential: String? = nil) -> ProxyChoice {
    .through(ProxySetting(host: "proxy.example", port: 3128, credential: credential.map { .file(folder.file($0)) }))
  }

  private func words(_ route: HTTPRoute) -> String {
    switch route {
    case .direct: "directly"
    case .environment: "by the environment"
    case .through(let proxy): "through \(proxy.host):\(proxy.port)"
    }
  }

  @Test(arguments: [
    ("https://api.example/v3", "directly"), ("https://sub.api.example/", "directly"),
    ("https://login.example:8443/oauth/token", "directly"),
    ("https://login.example/oauth/token", "through proxy.example:3128"),
    ("https://tenant.example/service", "through proxy.example:3128"), ("no address", "directly"),
  ])
  func `each address is judged by itself`(url: String, way: String) throws {
    let routes = routes(proxy(), noProxy: "api.example", "login.example:8443")
    #expect(words(try routes.route(to: url)) == way)
  }

  @Test func `without a proxy of its own it goes by the environment or directly`() throws {
    #expect(words(try routes(.environment).route(to: "https://a.example/")) == "by the environment")
    #expect(words(try routes(.direct).route(to: "https://a.example/")) == "directly")
  }

  @Test func `a credential is read once, and missed only where the proxy is needed`() throws {
    try folder.write("proxy", bytes: "user:password".utf8)
    let ready = routes(proxy(credential: "proxy"))
    try FileManager.default.removeItem(atPath: folder.file("proxy").string)
    guard case .through(let used) = try ready.route(to: "https://a.example/") else {
      Issue.record("the proxy is not used")
      return
    }
    #expect(used.credentials == SecretBytes(copying: "user:password".utf8))
    let blind = routes(proxy(credential: "proxy"), noProxy: "api.example")
    #expect(words(try blind.route(to: "https://api.example/")) == "directly")
    #expect(throws: CredentialError.self) { try blind.route(to: "https://a.example/") }
  }
}
