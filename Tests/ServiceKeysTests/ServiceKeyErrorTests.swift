// SPDX-License-Identifier: Apache-2.0

import Host
import Testing

@testable import ServiceKeys

struct ServiceKeyErrorTests {
  @Test func `files that are no service keys are named`() throws {
    #expect(Sample.failure("") == .empty)
    #expect(Sample.failure(" \n\u{FEFF}"[...].dropLast() + "\n") == .empty)
    #expect(Sample.failure([0x7B, 0xFF]) == .notText)
    #expect(Sample.failure([UInt8](repeating: 0x20, count: 1_000_001)) == .tooLarge(limit: 1_000_000))
    #expect(Sample.failure("hello") == .notJSON(place: "line 1, column 1"))
    #expect(Sample.failure(try Sample.chain) == .pemText)
    #expect(Sample.failure("{\"a\": 1,\n  b}") == .notJSON(place: "line 2, column 3"))
    #expect(Sample.failure("{} {}").map { "\($0)" }?.contains("not JSON") == true)
    #expect(Sample.failure("{\"a\": {\"b\": 1}") == .truncated)
    #expect(Sample.failure(String("{\(try Sample.members())}".dropLast(100))) == .truncated)
    #expect(Sample.failure("{\"a\": {\"b\": 1}}") == .noCertificate)
    #expect(Sample.failure("[]") == .noCertificate)
  }

  @Test func `hostile nesting is refused before anything recurses`() {
    for pair in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
      let json = String(repeating: pair.0, count: 100_000) + "1" + String(repeating: pair.1, count: 100_000)
      #expect(Sample.failure(json) == .tooDeep(limit: 32))
    }
    let inner = String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)
    #expect(Sample.failure("{\"a\": \(Sample.quoted("{\"b\": \(inner)}"))}") == .noCertificate)
  }

  @Test func `other kinds of keys are named`() throws {
    let secret = "{\"oauth\": {\"clientid\": \"a\", \"clientsecret\": \"geheim\"}}"
    #expect(Sample.failure(secret) == .secretOnly(path: "oauth"))
    #expect(Sample.failure("{\"a\": {\"certificate\": \(Sample.quoted(try Sample.chain))}}") == .keyMissing(path: "a"))
    #expect(Sample.failure("{\(try Sample.members(key: ""))}") == .keyMissing(path: ""))
  }

  @Test func `two different keys are ambiguous, twice the same is not`() throws {
    let one = try "{\(Sample.members())}"
    let other = try "{\(Sample.otherMembers)}"
    #expect(try Sample.read("{\"a\": \(one), \"b\": \(one)}").fieldPath == "a")
    let both = "{\"b\": \(other), \"a\": [\(one)]}"
    let error = try #require(Sample.failure(both))
    #expect(error == .ambiguous(paths: ["a.0.certificate", "b.certificate"]))
    #expect(error.description.contains("'a.0.certificate', 'b.certificate'"))
    let fields = ServiceKeyFieldPaths(certificate: "b.certificate", key: "b.key")
    #expect(try Sample.read(both, fields: fields).certificates.count == 1)
  }

  @Test func `no text shows a secret`() throws {
    let document = try Sample.read("{\(Sample.members())}")
    let secret = try Sample.key.dropFirst(40).prefix(30)
    #expect(!"\(document)".contains(secret) && !String(reflecting: document).contains(secret))
    for cut in stride(from: 10, to: 4000, by: 97) {
      let text = "\(String(describing: Sample.failure(String("{\(try Sample.members())}".prefix(cut)))))"
      #expect(!text.contains("MII"))
    }
  }

  @Test(arguments: 0..<4)
  func `damaged files lead to errors, never to a trap`(seed: UInt64) throws {
    let whole = Array(
      "{\"credentials\": {\"oauth\": {\(try Sample.members())}}, \"x\": [1, true, null, \"é\\u00e9\"]}".utf8)
    var random = SplitMix(state: seed)
    var accepted = 0
    for _ in 0..<150 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let index = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(Array("{}[]\",:\\\n-".utf8).randomElement(using: &random) ?? 0, at: index)
        default: bytes.removeSubrange(index..<min(index + 50, bytes.count))
        }
      }
      if let error = Sample.failure(bytes) {
        #expect(!error.description.isEmpty && !error.description.contains("MII"))
      } else {
        accepted += 1
      }
    }
    // Most damage hits a certificate's bytes, which only the signature would reveal.
    #expect(accepted < 150)
  }
}

/// The generator SplitMix64 of Steele, Lea and Flood: the same numbers in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
