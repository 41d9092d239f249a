// SPDX-License-Identifier: Apache-2.0

/// Reads one entry of `keystores`.
enum KeystoreEntryReader {
  static func read(_ field: Field, name: String, _ scope: EntryScope) -> KeystoreSettings? {
    let defaults = scope.defaults
    guard let mapping = MappingReader(field, KeyTable.keystore) else { return nil }
    let identityField = mapping["identity"]
    let identity = identityField.flatMap { IdentityReader.read($0, scope) }
    let adopt = mapping["adopt"].flatMap(AdoptionReader.read)
    if let adopt { scope.outputs.addAdopted(adopt.file, keystore: name) }
    let trust = mapping["trust"].flatMap { TrustReader.read($0, scope) } ?? TrustSettings()
    let overlap = mapping["overlap"]?.duration(in: Bounds.overlap)
    let afterChange = mapping["after-change"]?.list(HookReader.read)
    let renewBefore = mapping["renew-before"]?.renewBefore() ?? defaults.renewBefore
    let alertBefore = mapping["alert-before"]?.alertBefore() ?? defaults.alertBefore
    let changeWindows = mapping["change-window"].map { ChangeWindowReader.read($0) ?? [] } ?? defaults.changeWindows
    // What a PSE that is taken over holds is not known here.
    let adopts = mapping["adopt"] != nil
    let refusesIdentity = identityField?.scalar == "none"
    let hasIdentity = adopts || (identityField != nil && !refusesIdentity)
    let hasTrust = adopts || mapping["trust"] != nil
    let filesField = mapping.required("files")
    let fileReader = FileReader(
      keystore: name, adopt: adopt, hasIdentity: hasIdentity, hasTrust: hasTrust, outputs: scope.outputs)
    let files = filesField?.list(fileReader.read)
    if files?.isEmpty == true {
      filesField?.report("must not be empty", hint: "write for example [{pse: {path: client.pse}}]")
    }
    if !hasIdentity, !hasTrust {
      field.report(
        "has neither an identity nor trust: its files would be empty", hint: "give 'identity', 'trust' or both")
    }
    if case .selfSigned(let settings) = identity, case .duration(let lead) = renewBefore, lead >= settings.validFor {
      (mapping["renew-before"] ?? identityField)?.report(
        "renew-before is \(renewBefore), but the certificate is valid for only"
          + " \(DurationText.describe(settings.validFor)): it would be renewed without end",
        hint: "renew later, or make valid-for longer")
    }
    let confirmReader = ConfirmReader(
      scope: scope, identity: identity, hasIdentity: hasIdentity, trust: trust, files: files ?? [])
    let confirm = mapping["confirm"].flatMap(confirmReader.read)
    guard let files, !files.isEmpty else { return nil }
    return KeystoreSettings(
      name: name, identity: identity, refusesIdentity: refusesIdentity, adopt: adopt, trust: trust,
      overlap: overlap ?? Defaults.trustOverlap,
      files: files,
      afterChange: afterChange ?? [], confirm: confirm, renewBefore: renewBefore, alertBefore: alertBefore,
      changeWindows: changeWindows, declared: field.declaration)
  }
}
