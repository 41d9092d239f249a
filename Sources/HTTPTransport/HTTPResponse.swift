// SPDX-License-Identifier: Apache-2.0

package import Host

/// The final response to a request, whatever its status.
package struct HTTPResponse: Sendable {
  /// 100 to 599; a redirect that was not followed is a response like any other.
  package var status: Int
  package var headers: [HTTPField]
  /// Kept as a secret, since a token may be in it; `copyBytes` for what is none.
  package var body: SecretBytes

  package init(status: Int, headers: [HTTPField] = [], body: SecretBytes) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// Whether the status is 2xx.
  package var isSuccess: Bool { (200..<300).contains(status) }

  /// The first value of a header field, whatever the case of its name.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// When the server wants to be asked again; `nil` if it did not say, or not in a form that can be read.
  package var retryAfter: RetryAfter? { header("Retry-After").flatMap(RetryAfter.init) }
}

/// One header field of a response, as it came but for the white space around its value.
package struct HTTPField: Sendable, Hashable {
  package var name: String
  package var value: String

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}
