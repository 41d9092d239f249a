// SPDX-License-Identifier: Apache-2.0

/// An address that the platform itself named, and how far it is followed.
struct PlatformAddress {
  /// `https://host[:port]`, in lower case, without a path.
  let origin: String

  /// - Parameter url: absolute `https` (or, for a stand-in on this host, `http`) address; nil for anything else.
  init?(_ url: String) {
    guard let scheme = url.firstRange(of: "://") else { return nil }
    let name = url[..<scheme.lowerBound].lowercased()
    let authority = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
    guard name == "https" || name == "http", !authority.isEmpty, !authority.contains("@"), Self.isPlain(url) else {
      return nil
    }
    origin = "\(name)://\(authority.lowercased())"
  }

  /// Resolves what stood in `Location` or in a link: an absolute address of the same origin, or an absolute path.
  ///
  /// - Returns: nil for any other host, which must not get the token.
  func resolve(_ location: String) -> String? {
    if location.hasPrefix("/"), !location.hasPrefix("//"), Self.isPlain(location) { return origin + location }
    return PlatformAddress(location)?.origin == origin ? location : nil
  }

  /// A server that the platform names for another purpose: it has to be reached as safely as the platform itself.
  func neighbour(_ url: String) -> String? {
    guard let other = PlatformAddress(url) else { return nil }
    let isAsSafe = other.origin.hasPrefix("https://") || origin.hasPrefix("http://")
    return isAsSafe ? Self.withoutSlash(url) : nil
  }

  static func withoutSlash(_ url: String) -> String { url.last == "/" ? String(url.dropLast()) : url }

  private static func isPlain(_ text: String) -> Bool {
    text.utf8.count <= 4096 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }
}
