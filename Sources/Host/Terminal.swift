// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// The terminal of whoever typed a command, for secrets that are typed in.
package struct Terminal: Sendable {
  private let path: FilePath

  /// - Parameter path: The terminal; by default the one that controls this process (tty(4)).
  package init(path: FilePath = "/dev/tty") { self.path = path }

  /// Whether a person started this process and can be asked: its standard input is a terminal.
  package static var isAttended: Bool { isatty(STDIN_FILENO) == 1 }

  /// Shows `prompt` and reads a line without showing it.
  ///
  /// Blocks until the line ends. Signals from the keyboard are off meanwhile, so that an interrupt cannot leave the
  /// terminal without its echo: Ctrl-C and Ctrl-D end the question instead.
  ///
  /// - Returns: The line without its end.
  /// - Throws: `SystemError`: `ENXIO` or the like when there is no terminal, `ECANCELED` after Ctrl-C or Ctrl-D, `EMSGSIZE`
  ///   when the line is longer than 1,024 bytes.
  package func readSecret(prompt: String) throws(SystemError) -> SecretBytes {
    let number = unsafe path.withPlatformString { unsafe CLinux_openat(AT_FDCWD, $0, O_RDWR | O_NOCTTY | O_CLOEXEC, 0) }
    guard number >= 0 else { throw .last("open", path) }
    let terminal = Descriptor(takingOwnershipOf: number)
    var usual = termios()
    guard unsafe tcgetattr(number, &usual) == 0 else { throw .last("tcgetattr", path) }
    var silent = usual
    // One byte at a time, since a line that the terminal edits would end neither with Ctrl-C nor with Ctrl-D alone.
    silent.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG)
    guard unsafe tcsetattr(number, TCSAFLUSH, &silent) == 0 else { throw .last("tcsetattr", path) }
    let answer: Result<SecretBytes, SystemError>
    do throws(SystemError) {
      try show(prompt, on: terminal)
      answer = .success(try line(from: terminal))
    } catch {
      answer = .failure(error)
    }
    guard unsafe tcsetattr(number, TCSAFLUSH, &usual) == 0 else { throw .last("tcsetattr", path) }
    try show("\n", on: terminal)
    return try answer.get()
  }

  private func show(_ text: String, on terminal: borrowing Descriptor) throws(SystemError) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes[done...].withUnsafeBytes { unsafe write(terminal.rawValue, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .last("write", path) }
      done += count
    }
  }

  private func line(from terminal: borrowing Descriptor) throws(SystemError) -> SecretBytes {
    var length = 0
    let typed = try SecretBytes(count: Self.lengthLimit) { (line: inout MutableSpan<UInt8>) throws(SystemError) in
      while true {
        switch try byte(from: terminal) {
        case Key.lineFeed, Key.carriageReturn: return
        case Key.interrupt, Key.endOfInput, nil:
          throw SystemError(call: "read", path: path, errno: .canceled, detail: "nothing was typed")
        case Key.backspace, Key.delete: length = max(0, length - 1)
        case Key.kill: length = 0
        case let byte?:
          guard length < Self.lengthLimit else {
            throw SystemError(
              call: "read", path: path, errno: .messageTooLong, detail: "more than \(Self.lengthLimit) bytes")
          }
          line[length] = byte
          length += 1
        }
      }
    }
    return SecretBytes(count: length) { (target: inout MutableSpan<UInt8>) in
      typed.withSpan { source in
        for index in 0..<length { target[index] = source[index] }
      }
    }
  }

  /// The next byte, or nil when the other end is gone.
  private func byte(from terminal: borrowing Descriptor) throws(SystemError) -> UInt8? {
    var byte: UInt8 = 0
    while true {
      let count = unsafe read(terminal.rawValue, &byte, 1)
      if count < 0, errno == EINTR { continue }
      // EIO: the terminal hung up (termios(3)).
      guard count >= 0 || errno == EIO else { throw .last("read", path) }
      return count == 1 ? byte : nil
    }
  }

  private enum Key {
    static let interrupt: UInt8 = 0x03
    static let endOfInput: UInt8 = 0x04
    static let backspace: UInt8 = 0x08
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let kill: UInt8 = 0x15
    static let delete: UInt8 = 0x7F
  }

  private static let lengthLimit = 1024
}
