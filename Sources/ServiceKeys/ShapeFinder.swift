// SPDX-License-Identifier: Apache-2.0

/// Names the shape that a service key was found in.
enum ShapeFinder {
  static func shape(of candidate: CredentialCandidate, _ root: JSONValue, hasHeading: Bool) -> ServiceKeyShape {
    if hasHeading { return .cloudFoundryText }
    if root.text("kind") == "Secret" || candidate.isEncoded { return .kubernetesSecret }
    if root.text("service_instance_id") != nil { return .serviceManagerBinding }
    if isServiceList(root.member("VCAP_SERVICES") ?? root) { return .vcapServices }
    let parts = candidate.path.split(separator: ".")
    if parts.contains(where: { Int($0) != nil }) { return .list }
    switch parts.last {
    case nil: return .bare
    case "oauth": return .oauth
    case "uaa": return .uaa
    case "credentials" where parts.count == 1: return .credentials
    default: return .nested
    }
  }

  /// The name that the platform's own wrappers give the key.
  static func keyName(_ root: JSONValue) -> String? {
    if let name = root.member("metadata")?.text("name") { return name }
    return root.member("credentials") == nil ? nil : root.text("name")
  }

  /// Whether each member is a list of services with credentials.
  private static func isServiceList(_ value: JSONValue) -> Bool {
    guard case .object(let members) = value, !members.isEmpty else { return false }
    return members.values.allSatisfy { member in
      guard case .array(let services) = member else { return false }
      return services.allSatisfy { $0.member("credentials") != nil }
    }
  }
}
