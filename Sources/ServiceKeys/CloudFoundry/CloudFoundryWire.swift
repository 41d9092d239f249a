// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials

// The JSON of Cloud Foundry's API, as far as it is read and written; names are the API's own.

/// `GET /`.
struct CloudFoundryRoot: Decodable {
  var links: Links

  struct Links: Decodable {
    var login: CloudFoundryLink?
    var uaa: CloudFoundryLink?
  }
}

struct CloudFoundryLink: Decodable {
  var href: String
}

struct CloudFoundryPage<Element: Decodable>: Decodable {
  var pagination: Pagination?
  var resources: [Element]

  struct Pagination: Decodable {
    var next: CloudFoundryLink?
  }
}

/// An organization, a space or a service instance.
struct CloudFoundryNamed: Decodable {
  var guid: PlatformIdentifier
  var name: PlatformName

  var instance: PlatformInstance { PlatformInstance(guid: guid.text, name: name.text) }
}

struct CloudFoundryMetadata: Codable {
  var labels: [String: String?]?

  init(labels: [String: String]) {
    self.labels = labels
  }

  var mark: KeyMark? { KeyMark(labels: (labels ?? [:]).compactMapValues(\.self)) }
}

/// A service credential binding of the type `key`.
struct CloudFoundryKey: Decodable {
  var guid: PlatformIdentifier
  var name: PlatformName?
  var createdAt: String?
  var lastOperation: Operation?
  var metadata: CloudFoundryMetadata?

  struct Operation: Decodable {
    var type: String?
    var state: String?
  }

  enum CodingKeys: String, CodingKey {
    case guid, name, metadata
    case createdAt = "created_at"
    case lastOperation = "last_operation"
  }

  var key: PlatformKey {
    PlatformKey(
      guid: guid.text, name: name?.text ?? "", state: state, createdAt: createdAt.flatMap(PlatformTime.date),
      mark: metadata?.mark)
  }

  private var state: PlatformKey.State {
    let isDeletion = lastOperation?.type == "delete"
    switch lastOperation?.state {
    case "failed": return isDeletion ? .deleteFailed : .createFailed
    case "initial", "in progress": return isDeletion ? .deleting : .creating
    // A key that was made before there were asynchronous keys has no operation.
    default: return isDeletion ? .deleting : .ready
    }
  }
}

struct CloudFoundryKeyBody: Encodable {
  var type = "key"
  var name: String
  var relationships: Relationships
  var metadata: CloudFoundryMetadata

  struct Relationships: Encodable {
    var instance: ToOne
    enum CodingKeys: String, CodingKey { case instance = "service_instance" }
  }

  struct ToOne: Encodable {
    var data: Identifier
  }

  struct Identifier: Encodable {
    var guid: String
  }

  init(_ request: KeyRequest) {
    name = request.name
    relationships = Relationships(instance: ToOne(data: Identifier(guid: request.instance.guid)))
    metadata = CloudFoundryMetadata(labels: request.mark.labels)
  }
}

/// `GET /v3/jobs/:guid`: always 200, even when the job failed.
struct CloudFoundryJob: Decodable {
  var state: String
  var links: Links?
  var errors: [Complaint]?

  struct Links: Decodable {
    var key: CloudFoundryLink?
    enum CodingKeys: String, CodingKey { case key = "service_credential_binding" }
  }

  struct Complaint: Decodable {
    var title: String?
    var detail: String?
  }

  /// - Throws: `malformed` when the link to the key ends in no identifier.
  func progress() throws(PlatformFailure) -> JobProgress {
    let guid = try (links?.key?.href.split(separator: "/").last).map { last throws(PlatformFailure) in
      try PlatformIdentifier(String(last)).text
    }
    return switch state {
    case "COMPLETE": .done(guid: guid)
    case "FAILED": .failed(guid: guid, words: words)
    default: .working(guid: guid)
    }
  }

  private var words: String {
    let all = (errors ?? []).map { [$0.title, $0.detail].compactMap(\.self).joined(separator: ", ") }
    return all.isEmpty ? "the platform does not say why" : PlatformWords.clean(all.joined(separator: "; "))
  }
}

/// Times as the platform writes them (RFC 3339), with or without parts of a second.
enum PlatformTime {
  static func date(_ text: String) -> Date? {
    for includesFraction in [false, true] {
      do {
        return try Date.ISO8601FormatStyle(includingFractionalSeconds: includesFraction).parse(text)
      } catch {
        continue
      }
    }
    return nil
  }
}

/// Bodies of requests.
enum JSONBody {
  /// The value as JSON, with `parameters`, a JSON object as text, as a further member.
  static func encode(_ value: some Encodable, parameters: String? = nil) throws(PlatformFailure) -> [UInt8] {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      var body = Array(try encoder.encode(value))
      guard let parameters else { return body }
      guard case .object = try JSONValue.read(Array(parameters.utf8)), body.popLast() == UInt8(ascii: "}") else {
        throw PlatformFailure(.local, .configuration, "'parameters' is no JSON object")
      }
      body += Array(",\"parameters\":\(parameters)}".utf8)
      return body
    } catch {
      throw PlatformFailure(.local, .configuration, "the parameters of the key cannot be sent: \(error)")
    }
  }
}
