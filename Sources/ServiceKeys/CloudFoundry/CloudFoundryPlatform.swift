// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import HTTPTransport
package import Host

/// Cloud Foundry's API, version 3 (`service_credential_bindings` of cloudfoundry/cloud_controller_ng).
package struct CloudFoundryPlatform: KeyPlatform {
  let address: PlatformAddress
  let network: PlatformNetwork
  let session: LoginSession

  /// Asks the API where users log in, and joins that session; nothing is logged in yet.
  ///
  /// `api` is such as `https://api.cf.eu10.hana.ondemand.com`.
  package static func connect(
    api: String, method: LoginMethod, network: PlatformNetwork, logins: LoginPool
  ) async throws(PlatformFailure) -> CloudFoundryPlatform {
    let address = try address(api)
    let call = PlatformCall(url: address.origin + "/", purpose: "asking \(address.origin) for its links")
    let root = try call.decode(
      CloudFoundryRoot.self, from: try await call.perform(over: network), what: "the list of links")
    guard let link = root.links.uaa?.href ?? root.links.login?.href, let uaa = address.neighbour(link) else {
      throw .malformed("\(address.origin) names no token endpoint that may be used")
    }
    let session = await logins.session(method, at: uaa + "/oauth/token", network: network)
    return CloudFoundryPlatform(address: address, network: network, session: session)
  }

  package func instance(_ reference: InstanceReference) async throws(PlatformFailure) -> PlatformInstance {
    var query: [(String, String)] = []
    if reference.isGUID {
      query.append(("guids", reference.instance))
    } else {
      query.append(("names", reference.instance))
      if let space = try await space(reference) { query.append(("space_guids", space)) }
    }
    let found = try await list(
      CloudFoundryNamed.self, "/v3/service_instances", query, purpose: "finding the service instance", \.self)
    return try only(found, "service instance", reference.instance).instance
  }

  package func keys(of instance: PlatformInstance) async throws(PlatformFailure) -> [PlatformKey] {
    let query = [
      ("type", "key"), ("service_instance_guids", instance.guid), ("order_by", "-created_at"), ("per_page", "200"),
    ]
    return try await list(
      CloudFoundryKey.self, Self.keysPath, query, purpose: "listing the keys of \(instance.name)", \.key)
  }

  package func requestKey(_ request: KeyRequest) async throws(PlatformFailure) -> KeyRequestAnswer {
    let purpose = "creating the key \(request.name)"
    let body = CloudFoundryKeyBody(request)
    let response = try await call(
      .post, address.origin + Self.keysPath, body: try JSONBody.encode(body, parameters: request.parameters),
      purpose: purpose)
    if let location = response.header("Location") {
      guard let job = address.resolve(location) else {
        throw .malformed("\(purpose): the platform names a job on another host", mayHaveHappened: true)
      }
      return .underWay(job: job)
    }
    do throws(PlatformFailure) {
      let made = try BoundedJSON.decode(CloudFoundryKey.self, from: response.body, what: "the new key")
      return .made(guid: made.guid.text)
    } catch {
      throw .malformed("\(purpose): \(error.words)", mayHaveHappened: true)
    }
  }

  package func progress(of job: String) async throws(PlatformFailure) -> JobProgress {
    guard let url = address.resolve(job) else { throw .malformed("a job on another host is not followed") }
    return try await fetch(CloudFoundryJob.self, url, what: "the job", purpose: "following the job").progress()
  }

  package func credentials(of guid: String) async throws(PlatformFailure) -> SecretBytes {
    let call = PlatformCall(url: keyURL(guid) + "/details", purpose: "reading the new key")
    return try call.readable(try await call.perform(over: network, tokens: session))
  }

  package func deleteKey(_ guid: String) async throws(PlatformFailure) -> KeyDeletionAnswer {
    let response: HTTPResponse
    do throws(PlatformFailure) {
      response = try await call(.delete, keyURL(guid), purpose: "deleting the key \(guid)")
    } catch  where error.kind == .missing {
      return .gone
    }
    guard let location = response.header("Location") else { return .gone }
    guard let job = address.resolve(location) else {
      throw .malformed("deleting the key \(guid): the platform names a job on another host")
    }
    return .underWay(job: job)
  }

  private static func address(_ api: String) throws(PlatformFailure) -> PlatformAddress {
    guard let address = PlatformAddress(api) else {
      throw PlatformFailure(.local, .configuration, "'api' is no address")
    }
    return address
  }

  private func keyURL(_ guid: String) -> String { "\(address.origin)\(Self.keysPath)/\(SecretForm.escape(guid))" }

  private func space(_ reference: InstanceReference) async throws(PlatformFailure) -> String? {
    guard let space = reference.space else { return nil }
    var query = [("names", space)]
    if let name = reference.organization {
      let found = try await list(
        CloudFoundryNamed.self, "/v3/organizations", [("names", name)], purpose: "finding the organization", \.self)
      query.append(("organization_guids", try only(found, "organization", name).guid.text))
    }
    let found = try await list(CloudFoundryNamed.self, "/v3/spaces", query, purpose: "finding the space", \.self)
    return try only(found, "space", space).guid.text
  }

  private func only(
    _ found: [CloudFoundryNamed], _ kind: String, _ name: String
  ) throws(PlatformFailure) -> CloudFoundryNamed {
    guard let first = found.first else {
      throw PlatformFailure(.missing, .configuration, "there is no \(kind) '\(name)' that this login may see")
    }
    guard found.count == 1 else {
      throw PlatformFailure(
        .ambiguous, .configuration, "there are \(found.count) \(kind)s '\(name)': name org and space, or use the GUID")
    }
    return first
  }

  private static let keysPath = "/v3/service_credential_bindings"
}

extension CloudFoundryPlatform {
  /// All pages of a list; of each element only `value` is kept.
  private func list<Element: Decodable, Value>(
    _: Element.Type, _ path: String, _ query: [(String, String)], purpose: String, _ value: (Element) -> Value
  ) async throws(PlatformFailure) -> [Value] {
    let text = query.map { "\($0.0)=\(SecretForm.escape($0.1))" }.joined(separator: "&")
    var next: String? = "\(address.origin)\(path)?\(text)"
    var elements: [Value] = []
    var pages = 0
    while let url = next {
      pages += 1
      guard pages <= Self.mostPages else { throw .malformed("\(purpose): the list does not end") }
      let page = try await fetch(CloudFoundryPage<Element>.self, url, what: "the list", purpose: purpose)
      try PlatformList.add(page.resources.map(value), to: &elements, purpose: purpose)
      guard let link = page.pagination?.next?.href else { return elements }
      guard let following = address.resolve(link) else { throw .malformed("\(purpose): the list goes on elsewhere") }
      next = following
    }
    return elements
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

  private static let mostPages = 100
}
