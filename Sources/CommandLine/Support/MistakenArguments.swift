// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Finds arguments that the argument parser would answer with something that helps nobody.
enum MistakenArguments {
  /// Refuses a command that does not exist, a secret among the arguments, and a negative number, which would be taken for an option.
  ///
  /// - Parameter arguments: without the name of the program.
  /// - Throws: `ValidationError`, which ends a command with exit code 64; no message repeats a secret.
  static func check(_ arguments: [String]) throws {
    try checkCommand(arguments)
    var previous: String?
    for argument in arguments {
      // What follows are values, whatever they look like.
      if argument == "--" { break }
      let name = String(argument.prefix { $0 != "=" })
      if let advice = secrets[name] {
        throw ValidationError("there is no \(name), since every process of this host can read arguments: \(advice)")
      }
      if argument.first == "-", argument.count > 1, argument.dropFirst().allSatisfy(\.isWholeNumber) {
        throw ValidationError(negative(argument, after: previous, in: arguments))
      }
      previous = argument
    }
  }

  /// Refuses a word where a command has to stand.
  private static func checkCommand(_ arguments: [String]) throws {
    var path: [String] = []
    var command: any ParsableCommand.Type = Certrotd.self
    for argument in arguments {
      let subcommands = command.configuration.subcommands
      guard !subcommands.isEmpty, argument.first != "-", argument != "help" else { return }
      guard let next = subcommands.first(where: { $0._commandName == argument }) else {
        let names = subcommands.map { $0._commandName }.joined(separator: ", ")
        let place = (["certrotd"] + path).joined(separator: " ")
        throw ValidationError("there is no command \(argument): after \(place) comes one of \(names)")
      }
      path.append(argument)
      command = next
    }
  }

  private static func negative(_ number: String, after previous: String?, in arguments: [String]) -> String {
    if let previous, previous.hasPrefix("--") { return "\(previous) takes no negative number such as \(number)" }
    guard arguments.starts(with: ["pse", "trust"]) else {
      return "nothing here takes a negative number such as \(number)"
    }
    return
      "the entries of a trust list are numbered from 1, as `certrotd pse trust list` shows them: there is no \(number)"
  }

  /// What to write in place of what somebody may expect there.
  private static let secrets = [
    "--pin": "name a file with --pin-file, a systemd credential with --pin-credential, or neither to be asked",
    "--ask-pin": "leave it out: a PIN is asked for where neither --pin-file nor --pin-credential names it",
    "--new-pin":
      "name a file with --new-pin-file, a systemd credential with --new-pin-credential, or give --ask-new-pin",
    "--password":
      "name a file with --password-file, a systemd credential with --password-credential, or give --ask-password",
    "--passphrase":
      "name a file with --password-file, a systemd credential with --password-credential, or give --ask-password",
  ]
}
