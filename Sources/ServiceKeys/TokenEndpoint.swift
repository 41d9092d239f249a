// SPDX-License-Identifier: Apache-2.0

/// Finds the address that a service key's tokens are requested from with the client certificate.
enum TokenEndpoint {
  /// - Returns: nil when the credentials name none that takes certificates, or none over TLS.
  static func url(in credentials: JSONValue) -> String? {
    // SAP Cloud Integration and Event Mesh give the whole address.
    for key in ["tokenurl", "tokenendpoint", "token_url"] {
      if let full = credentials.text(key) { return secure(full) }
    }
    let isIdentity = isIdentityService(credentials)
    let suffix = isIdentity ? "/oauth2/token" : "/oauth/token"
    // XSUAA has a host of its own for certificates, `certurl`; its `url` refuses them. The Identity service has one host.
    guard let base = credentials.text("certurl") ?? (isIdentity ? credentials.text("url") : nil) else { return nil }
    let trimmed = base.last == "/" ? String(base.dropLast()) : base
    return secure(trimmed.hasSuffix(suffix) ? trimmed : trimmed + suffix)
  }

  private static func isIdentityService(_ credentials: JSONValue) -> Bool {
    if credentials.text("app_tid") != nil { return true }
    if let type = credentials.text("credential-type"), type.hasPrefix("X509_") { return true }
    guard let url = credentials.text("certurl") ?? credentials.text("url") else { return false }
    let host = url.split(separator: "/").dropFirst().first.map(String.init) ?? ""
    return identityDomains.contains { host.hasSuffix(".\($0)") }
  }

  private static func secure(_ url: String) -> String? {
    let isPlain = url.unicodeScalars.allSatisfy { $0.isASCII && $0.value > 0x20 && $0.value != 0x7F }
    return isPlain && url.lowercased().hasPrefix("https://") ? url : nil
  }

  /// Where tenants of the Identity service live.
  private static let identityDomains = [
    "accounts.ondemand.com", "accounts400.ondemand.com", "accounts.cloud.sap", "accounts400.cloud.sap",
  ]
}
