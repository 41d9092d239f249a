// SPDX-License-Identifier: Apache-2.0

/// Reads a keystore's `adopt`.
enum AdoptionReader {
  static func read(_ field: Field) -> AdoptionSettings? {
    if field.scalar != nil {
      return field.adoptedFile().map { AdoptionSettings(file: $0, declared: field.declaration) }
    }
    guard let mapping = MappingReader(field, KeyTable.adoption) else { return nil }
    let file = mapping.required("file")?.adoptedFile()
    let pin = mapping["pin-credential"]?.credential()
    let without = mapping["without"]?.list { $0.fingerprint() } ?? []
    return file.map { AdoptionSettings(file: $0, pin: pin, without: Set(without), declared: field.declaration) }
  }
}
