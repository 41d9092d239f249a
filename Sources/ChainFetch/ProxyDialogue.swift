// SPDX-License-Identifier: Apache-2.0

import Host

/// The request for a tunnel and the reading of its answer (RFC 9110, section 9.3.6; RFC 9112, sections 3.2.3 and 4).
struct ProxyDialogue {
  enum Verdict: Equatable {
    case needsMore
    case tunnelled
    case failed(ProbeFailure.Kind)
  }

  /// What is to be sent, in full.
  let request: SecretBytes
  private let hasCredentials: Bool
  private var received: [UInt8] = []

  /// A longer header is refused: nothing in it matters but its first line.
  ///
  /// In bytes.
  static let headerLimit = 8 * 1024

  init(destination: HostPort, credentials: SecretBytes?) {
    let authority = destination.description
    var head = Array("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n".utf8)
    guard let credentials else {
      request = SecretBytes(copying: head + Array("\r\n".utf8))
      hasCredentials = false
      return
    }
    head += Array("Proxy-Authorization: Basic ".utf8)
    let tail = Array("\r\n\r\n".utf8)
    let encodedCount = (credentials.count + 2) / 3 * 4
    hasCredentials = true
    // Written straight into secret memory: credentials in base64 are credentials.
    request = SecretBytes(count: head.count + encodedCount + tail.count) { span in
      for (index, byte) in head.enumerated() { span[index] = byte }
      credentials.withSpan { Self.encodeBase64($0, into: &span, at: head.count) }
      for (index, byte) in tail.enumerated() { span[head.count + encodedCount + index] = byte }
    }
  }

  /// How many bytes may be read next without reading what belongs to the tunnel, should the header end there.
  ///
  /// The server speaks only after the client's first TLS record, so that nothing can follow the header yet.
  var readLimit: Int { Self.headerLimit + 1 - received.count }

  /// Takes what the proxy sent.
  mutating func take(_ bytes: [UInt8]) -> Verdict {
    // Of an answer that drips, nothing is looked at twice.
    let start = max(0, received.count - (Self.emptyLine.count - 1))
    received += bytes
    guard let end = headerEnd(searchingFrom: start) else {
      if let kind = implausible { return .failed(kind) }
      return received.count > Self.headerLimit
        ? .failed(.proxyMalformed("its header is longer than \(Self.headerLimit) bytes")) : .needsMore
    }
    guard let status = Self.status(received[..<end]) else {
      return .failed(.proxyMalformed("its first line is not an HTTP status line"))
    }
    switch status {
    case 200..<300:
      guard end == received.count else {
        return .failed(.proxyMalformed("it sent data into the tunnel before the server could have answered"))
      }
      return .tunnelled
    case 407: return .failed(.proxyAuthentication(credentialsGiven: hasCredentials))
    default: return .failed(.proxyRefused(status: status))
    }
  }

  /// The index after the empty line, of which no part lies before `start`.
  private func headerEnd(searchingFrom start: Int) -> Int? {
    received[start...].firstRange(of: Self.emptyLine)?.upperBound
  }

  private static let emptyLine: [UInt8] = [13, 10, 13, 10]

  /// A reason to stop reading at once, for peers that will never send an empty line.
  private var implausible: ProbeFailure.Kind? {
    let start = Array("HTTP/1.".utf8)
    return received.prefix(start.count).elementsEqual(start.prefix(received.count))
      ? nil : .proxyMalformed("its first line is not an HTTP status line")
  }

  /// The three digits of `HTTP/1.x nnn reason`, RFC 9112, section 4.
  private static func status(_ header: ArraySlice<UInt8>) -> Int? {
    let line = Array(header.prefix { $0 != 13 })
    let version = Array("HTTP/1.".utf8)
    guard line.count >= 12, line.starts(with: version), line[7] == 0x30 || line[7] == 0x31, line[8] == 0x20,
      line.count == 12 || line[12] == 0x20
    else { return nil }
    let digits = line[9..<12]
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    let status = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return (100..<600).contains(status) ? status : nil
  }

  /// RFC 4648, section 4.
  private static func encodeBase64(_ bytes: Span<UInt8>, into span: inout MutableSpan<UInt8>, at start: Int) {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out = start
    for first in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - first)
      var group: UInt32 = 0
      for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[first + offset]) : 0) }
      for digit in 0..<4 {
        span[out] = digit <= count ? alphabet[Int(group >> (18 - 6 * UInt32(digit)) & 63)] : 0x3D
        out += 1
      }
    }
  }
}
