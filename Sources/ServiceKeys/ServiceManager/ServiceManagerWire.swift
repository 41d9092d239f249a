// SPDX-License-Identifier: Apache-2.0

// The JSON of a Service Manager's API, as far as it is read and written; names are the API's own.

struct ServiceManagerPage<Element: Decodable>: Decodable {
  var token: String?
  var items: [Element]?
}

struct ServiceManagerNamed: Decodable {
  var id: PlatformIdentifier
  var name: PlatformName
}

struct ServiceManagerKey: Decodable {
  var id: PlatformIdentifier
  var name: PlatformName
  var ready: Bool?
  var createdAt: String?
  var labels: [String: [String]]?
  var lastOperation: Operation?

  struct Operation: Decodable {
    var type: String?
    var state: String?
  }

  enum CodingKeys: String, CodingKey {
    case id, name, ready, labels
    case createdAt = "created_at"
    case lastOperation = "last_operation"
  }

  var key: PlatformKey {
    PlatformKey(
      guid: id.text, name: name.text, state: state, createdAt: createdAt.flatMap(PlatformTime.date),
      mark: KeyMark(labels: (labels ?? [:]).compactMapValues(\.first)))
  }

  private var state: PlatformKey.State {
    switch (lastOperation?.type, lastOperation?.state) {
    case ("delete", "failed"): .deleteFailed
    case ("delete", _): .deleting
    case ("create", "failed"): .createFailed
    case ("create", "in progress"), ("create", "pending"): .creating
    // A binding that was renamed, or could not be, is what it was before.
    default: ready == false ? .creating : .ready
    }
  }
}

struct ServiceManagerKeyBody: Encodable {
  var name: String
  var instance: String
  var labels: [String: [String]]

  enum CodingKeys: String, CodingKey {
    case name, labels
    case instance = "service_instance_id"
  }

  init(_ request: KeyRequest) {
    name = request.name
    instance = request.instance.guid
    labels = request.mark.labels.mapValues { [$0] }
  }
}

struct ServiceManagerOperation: Decodable {
  var type: String?
  var state: String
  var resource: PlatformIdentifier?
  var errors: Complaint?

  enum CodingKeys: String, CodingKey {
    case type, state, errors
    case resource = "resource_id"
  }

  struct Complaint: Decodable {
    var error: String?
    var description: String?
  }

  var progress: JobProgress {
    let guid = type == "delete" ? nil : resource?.text
    switch state {
    case "succeeded": return .done(guid: guid)
    case "failed": return .failed(guid: guid, words: words)
    default: return .working(guid: guid)
    }
  }

  private var words: String {
    let words = [errors?.error, errors?.description].compactMap(\.self).joined(separator: ", ")
    return words.isEmpty ? "the platform does not say why" : PlatformWords.clean(words)
  }
}
