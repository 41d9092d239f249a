// SPDX-License-Identifier: Apache-2.0

import Host
import Testing

@testable import ServiceKeys

/// Answers that are made to exhaust whoever reads them.
@Suite struct BoundedJSONTests {
  private struct Answer: Decodable {
    var name: String
  }

  private func read(_ text: String) -> Result<String, PlatformFailure> {
    Result { () throws(PlatformFailure) in
      try BoundedJSON.decode(Answer.self, from: SecretBytes(copying: Array(text.utf8)), what: "the answer").name
    }
  }

  private func words(_ text: String) -> String? {
    if case .failure(let failure) = read(text) { failure.words } else { nil }
  }

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":["])
  func `a nesting of 100,000 levels is refused before anything is decoded`(opening: String) {
    let deep = String(repeating: opening, count: 100_000)
    #expect(words(deep)?.contains("nested more than") == true)
    #expect(words("{\"name\": \"x\", \"other\": \(deep)")?.contains("nested more than") == true)
  }

  @Test func `brackets in a text are no nesting`() throws {
    let text = String(repeating: "[{\\\"", count: 1000)
    #expect(try read("{\"name\": \"\(text)\"}").get() == String(repeating: "[{\"", count: 1000))
  }

  @Test func `what is larger than the limit is refused`() {
    let padding = String(repeating: " ", count: BoundedJSON.sizeLimit)
    #expect(words("{\"name\": \"x\"}\(padding)")?.contains("larger than") == true)
  }

  @Test(arguments: [
    "{\"name\": \"secr3t\"", "secr3t", "{\"name\": [\"secr3t\"]}", "{\"secr3t\": 1}", "{\"name\":1e999999}",
  ])
  func `a failure quotes nothing of it`(text: String) {
    let said = words(text)
    #expect(said != nil && said?.contains("secr3t") == false, "\(said ?? "nothing")")
  }
}
