// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
package import Host

/// A Service Manager's API, version 1 (`api/base_controller.go` and `pkg/types/operation.go` of Peripli/service-manager).
package struct ServiceManagerPlatform: KeyPlatform {
  let address: PlatformAddress
  let network: PlatformNetwork
  let session: LoginSession

  /// Joins the session of the binding's client; nothing is logged in yet.
  package static func connect(
    _ binding: ServiceManagerBinding, network: PlatformNetwork, logins: LoginPool
  ) async throws(PlatformFailure) -> ServiceManagerPlatform {
    guard let address = PlatformAddress(binding.url) else {
      throw PlatformFailure(.local, .configuration, "'sm_url' is no address")
    }
    let session = await logins.session(binding.method, at: binding.tokenURL, network: network)
    return ServiceManagerPlatform(address: address, network: network, session: session)
  }

  package func instance(_ reference: InstanceReference) async throws(PlatformFailure) -> PlatformInstance {
    let field = reference.isGUID ? "id" : "name"
    let found = try await list(
      ServiceManagerNamed.self, "/v1/service_instances", "\(field) eq \(Self.quoted(reference.instance))",
      purpose: "finding the service instance", \.self)
    guard let first = found.first else {
      throw PlatformFailure(
        .missing, .configuration, "there is no service instance '\(reference.instance)' that this binding may see")
    }
    guard found.count == 1 else {
      throw PlatformFailure(
        .ambiguous, .configuration,
        "there are \(found.count) service instances '\(reference.instance)': use the identifier")
    }
    return PlatformInstance(guid: first.id.text, name: first.name.text)
  }

  package func keys(of instance: PlatformInstance) async throws(PlatformFailure) -> [PlatformKey] {
    // Of a creation that failed a list says by itself only that it is not ready.
    try await list(
      ServiceManagerKey.self, Self.keysPath, "service_instance_id eq \(Self.quoted(instance.guid))",
      more: "&attach_last_operations=true", purpose: "listing the bindings of \(instance.name)", \.key)
  }

  package func requestKey(_ request: KeyRequest) async throws(PlatformFailure) -> KeyRequestAnswer {
    let purpose = "creating the binding \(request.name)"
    let body = ServiceManagerKeyBody(request)
    let response = try await call(
      .post, address.origin + Self.keysPath + "?async=true",
      body: try JSONBody.encode(body, parameters: request.parameters), purpose: purpose)
    if response.status == 202 {
      guard let job = response.header("Location").flatMap(address.resolve) else {
        throw .malformed("\(purpose): the platform names no operation", mayHaveHappened: true)
      }
      return .underWay(job: job)
    }
    do throws(PlatformFailure) {
      let made = try BoundedJSON.decode(ServiceManagerNamed.self, from: response.body, what: "the binding")
      return .made(guid: made.id.text)
    } catch {
      throw .malformed("\(purpose): \(error.words)", mayHaveHappened: true)
    }
  }

  package func progress(of job: String) async throws(PlatformFailure) -> JobProgress {
    guard let url = address.resolve(job) else { throw .malformed("an operation on another host is not followed") }
    return try await fetch(
      ServiceManagerOperation.self, url, what: "the operation", purpose: "following the operation"
    ).progress
  }

  package func credentials(of guid: String) async throws(PlatformFailure) -> SecretBytes {
    let call = PlatformCall(url: keyURL(guid), purpose: "reading the new binding")
    return try call.readable(try await call.perform(over: network, tokens: session))
  }

  package func deleteKey(_ guid: String) async throws(PlatformFailure) -> KeyDeletionAnswer {
    let response: HTTPResponse
    do throws(PlatformFailure) {
      response = try await call(.delete, keyURL(guid) + "?async=true", purpose: "deleting the binding \(guid)")
    } catch  where error.kind == .missing {
      return .gone
    }
    guard response.status == 202, let location = response.header("Location") else { return .gone }
    guard let job = address.resolve(location) else {
      throw .malformed("deleting the binding \(guid): the platform names an operation on another host")
    }
    return .underWay(job: job)
  }

  private func keyURL(_ guid: String) -> String { "\(address.origin)\(Self.keysPath)/\(SecretForm.escape(guid))" }

  /// A text within a `fieldQuery`: in single quotes, which are doubled within.
  private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }

  /// All pages of a list; of each element only `value` is kept.
  private func list<Element: Decodable, Value>(
    _: Element.Type, _ path: String, _ fieldQuery: String, more: String = "", purpose: String,
    _ value: (Element) -> Value
  ) async throws(PlatformFailure) -> [Value] {
    let base = "\(address.origin)\(path)?max_items=100&fieldQuery=\(SecretForm.escape(fieldQuery))\(more)"
    var elements: [Value] = []
    var token: String?
    for _ in 0..<Self.mostPages {
      let url = token.map { "\(base)&token=\(SecretForm.escape($0))" } ?? base
      let page = try await fetch(ServiceManagerPage<Element>.self, url, what: "the list", purpose: purpose)
      try PlatformList.add((page.items ?? []).map(value), to: &elements, purpose: purpose)
      guard let next = page.token, !next.isEmpty, page.items?.isEmpty == false else { return elements }
      token = next
    }
    throw .malformed("\(purpose): the list does not end")
  }

  private func call(
    _ method: HTTPMethod, _ url: String, body: [UInt8]? = nil, purpose: String
  ) async throws(PlatformFailure) -> HTTPResponse {
    var call = PlatformCall(method: method, url: url, purpose: purpose)
    if let body {
      call.headers = [HTTPHeader("Content-Type", "application/json")]
      call.body = .bytes(body)
    }
    return try await call.perform(over: network, tokens: session)
  }

  /// Reads what `url` holds.
  private func fetch<Value: Decodable>(
    _ type: Value.Type, _ url: String, what: String, purpose: String
  ) async throws(PlatformFailure) -> Value {
    let call = PlatformCall(url: url, purpose: purpose)
    return try call.decode(type, from: try await call.perform(over: network, tokens: session), what: what)
  }

  private static let keysPath = "/v1/service_bindings"
  private static let mostPages = 100
}
