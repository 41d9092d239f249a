// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Keystores
import PSEFormat
import ServiceKeys
import Settings
import SystemPackage

/// A reader of bytes that others make, and what must hold whatever they are.
package enum FuzzTarget: String, CaseIterable, Sendable {
  case pse
  case pem
  case serviceKey = "service-key"
  case configuration

  /// Lets the reader have `bytes`.
  ///
  /// - Returns: Whether they were read, in part at least; a refusal is as good.
  /// - Throws: ``FuzzFinding`` when something that must hold does not. A trap ends the process.
  package func run(_ bytes: [UInt8]) throws(FuzzFinding) -> Bool {
    switch self {
    case .pse: try Self.readPSE(bytes)
    case .pem: try Self.readPEM(bytes)
    case .serviceKey: try Self.readServiceKey(bytes)
    case .configuration: try Self.readConfiguration(bytes)
    }
  }

  /// What is read is written again byte for byte, and opening it with a PIN ends with an answer.
  private static func readPSE(_ bytes: [UInt8]) throws(FuzzFinding) -> Bool {
    let file: PSEFile
    do {
      file = try PSEFile(derEncoded: bytes)
    } catch {
      try explain(error)
      return false
    }
    do {
      guard try file.derEncoded() == bytes else { throw FuzzFinding("it is not written again as it was read") }
      let document = try PSEDocument.open(SecretBytes(copying: bytes), pin: SecretBytes(copying: "1234".utf8))
      _ = try document.read()
    } catch let error as FuzzFinding {
      throw error
    } catch {
      try explain(error)
    }
    return true
  }

  /// A block that is read gives a text that reads as the same block.
  private static func readPEM(_ bytes: [UInt8]) throws(FuzzFinding) -> Bool {
    let blocks: [PEMBlock]
    do {
      blocks = try PEMReader.blocks(in: bytes)
    } catch {
      try explain(error)
      return false
    }
    for block in blocks {
      do {
        _ = try Certificate(derEncoded: block.bytes)
      } catch {
        try explain(error)
      }
    }
    do {
      _ = try PEMReader.certificates(in: bytes)
    } catch {
      try explain(error)
    }
    return !blocks.isEmpty
  }

  private static func readServiceKey(_ bytes: [UInt8]) throws(FuzzFinding) -> Bool {
    do {
      _ = try ServiceKeyReader.read(bytes)
      return true
    } catch {
      try explain(error)
      return false
    }
  }

  /// There is a configuration or a mistake, and each mistake has a place and one line.
  private static func readConfiguration(_ bytes: [UInt8]) throws(FuzzFinding) -> Bool {
    let files = OneConfigurationFile(bytes: bytes)
    let reading = ConfigurationReader.read(main: files.path, files: files)
    guard (reading.configuration == nil) == !reading.mistakes.isEmpty else {
      throw FuzzFinding("there is neither a configuration nor a mistake, or both")
    }
    for mistake in reading.mistakes {
      guard mistake.line >= 1, mistake.column >= 1, !mistake.description.contains(where: \.isNewline) else {
        throw FuzzFinding("a mistake has no place, or more than a line: \(mistake)")
      }
    }
    return reading.configuration != nil
  }

  /// An operator must be able to read why, in one message of a size that fits a log.
  private static func explain(_ error: any Error) throws(FuzzFinding) {
    let text = String(describing: error)
    guard !text.isEmpty, text.utf8.count <= longestExplanation else {
      throw FuzzFinding("the explanation has \(text.utf8.count) bytes")
    }
  }

  /// In bytes.
  private static let longestExplanation = 16 * 1024
}

/// Something that must hold and did not.
package struct FuzzFinding: Error, CustomStringConvertible, Sendable {
  package let description: String

  init(_ description: String) { self.description = description }
}
