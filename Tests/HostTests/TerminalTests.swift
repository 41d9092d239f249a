// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import Synchronization
import SystemPackage
import Testing

/// Against a pseudo-terminal (pty(7)), whose other end plays the person.
@Suite struct TerminalTests {
  /// What a person types, as the terminal sees it, and what is read.
  @Test(arguments: [
    ("geheim\n", "geheim"), ("geheim\r", "geheim"), ("\n", ""), ("falsch\u{15}1234\n", "1234"), ("12x\u{7F}3\n", "123"),
    ("\u{8}\u{8}a\n", "a"), ("mit Leer zeichen\n", "mit Leer zeichen"),
  ])
  func lineIsReadAndNotShown(typed: String, expected: String) throws {
    let (result, shown, echoesAfterwards) = try ask(typing: typed)
    #expect(try result.get() == SecretBytes(copying: expected.utf8))
    #expect(shown == "PIN: \r\n")
    #expect(echoesAfterwards)
  }

  @Test(arguments: ["\u{3}", "12\u{4}"])
  func controlCAndDEndTheQuestion(typed: String) throws {
    let (result, _, echoesAfterwards) = try ask(typing: typed)
    let error = try #require(throws: SystemError.self) { try result.get() }
    #expect(error.errno == .canceled)
    #expect(echoesAfterwards)
  }

  @Test func lineWithoutEndIsRefused() throws {
    let (result, _, _) = try ask(typing: String(repeating: "x", count: 1025))
    #expect(try #require(throws: SystemError.self) { try result.get() }.errno == .messageTooLong)
  }

  @Test func absenceIsAnError() {
    #expect(throws: SystemError.self) { try Terminal(path: "/nowhere/tty").readSecret(prompt: "PIN: ") }
    #expect(throws: SystemError.self) { try Terminal(path: "/dev/null").readSecret(prompt: "PIN: ") }
  }

  private func ask(typing text: String) throws -> (Result<SecretBytes, SystemError>, shown: String, echoes: Bool) {
    var (near, far): (CInt, CInt) = (-1, -1)
    var name = [CChar](repeating: 0, count: 128)
    try #require(unsafe openpty(&near, &far, &name, nil, nil) == 0)
    let master = Descriptor(takingOwnershipOf: near)
    let slave = Descriptor(takingOwnershipOf: far)
    let path = FilePath(String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    // Typed once the prompt is there: what comes before it is thrown away with the old settings of the terminal.
    let number = master.rawValue
    let person = Mutex<String>("")
    let thread = try WorkerThread(name: "typist") {
      var shown: [UInt8] = []
      var byte: UInt8 = 0
      while unsafe read(number, &byte, 1) == 1 {
        shown.append(byte)
        if shown == Array("PIN: ".utf8) {
          for byte in text.utf8 {
            var byte = byte
            _ = unsafe write(number, &byte, 1)
          }
        }
        if byte == UInt8(ascii: "\n") { break }
      }
      let text = String(decoding: shown, as: UTF8.self)
      person.withLock { $0 = text }
    }
    let result: Result<SecretBytes, SystemError>
    do throws(SystemError) {
      result = .success(try Terminal(path: path).readSecret(prompt: "PIN: "))
    } catch {
      result = .failure(error)
    }
    thread.join()
    var settings = termios()
    try #require(unsafe tcgetattr(slave.rawValue, &settings) == 0)
    let echoes = settings.c_lflag & tcflag_t(ECHO) != 0 && settings.c_lflag & tcflag_t(ICANON) != 0
    withExtendedLifetime((master.rawValue, slave.rawValue)) {}
    return (result, person.withLock { $0 }, echoes)
  }
}
