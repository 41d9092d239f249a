// SPDX-License-Identifier: Apache-2.0

import SwiftASN1

/// Objects of kinds that certrotd does not know, which one PSE hands on to the next as they are.
///
/// `SEQUENCE OF PSEObject`, a form of certrotd's own for keeping them in between; each object is byte for byte what it was
/// in its file, name and time included. They may hold secrets.
package struct PSEKeptObjects: Hashable, Sendable {
  /// In the order of the file.
  package let objects: [PSEObject]

  package init(_ objects: [PSEObject]) { self.objects = objects }

  /// Reads what ``derEncoded()`` made.
  ///
  /// - Throws: ``PSEError/malformed(place:reason:)``.
  package init(derEncoded bytes: [UInt8]) throws(PSEError) {
    try DERBudget.check(bytes)
    objects = try PSEError.within("kept objects") {
      try DER.sequence(of: PSEObject.self, identifier: .sequence, rootNode: try DER.parse(bytes))
    }
  }

  /// - Throws: ``PSEError/malformed(place:reason:)``.
  package func derEncoded() throws(PSEError) -> [UInt8] {
    try PSEError.within("kept objects") {
      var serializer = DER.Serializer()
      try serializer.serializeSequenceOf(objects)
      return serializer.serializedBytes
    }
  }

  package static let none = PSEKeptObjects([])

  package var isEmpty: Bool { objects.isEmpty }

  /// Name and type of each, for an operator.
  package var names: [String] { objects.map { "\($0.name) (\($0.type))" } }
}
