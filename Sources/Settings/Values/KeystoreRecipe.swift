// SPDX-License-Identifier: Apache-2.0

import SystemPackage

extension KeystoreSettings {
  /// A canonical description of which files are written and how, without whose identity and which trust they hold.
  ///
  /// Equal settings give equal text in every run and on every host, so that it can be recorded with a generation and
  /// compared after a restart: another recipe means that the files must be built anew. What they hold is compared by
  /// certificate, so that an endpoint that joins or leaves without a change of the trust list does not rewrite anything.
  package var filesRecipe: String {
    files.map { $0.recipe + "\n" }.sorted().joined()
  }
}

extension IdentitySource {
  /// The part of a keystore's `recipe` that says where its identity comes from.
  package var recipe: String {
    switch self {
    case .serviceKey(let name):
      "service-key \(quoted(name))"
    case .selfSigned(let settings):
      "self-signed \(quoted(settings.subject)) \(DurationText.describe(settings.validFor)) \(settings.keyBits.rawValue)"
    case .pem(let files):
      "pem \(quoted(files.certificate.string)) \(quoted(files.key.string))"
    }
  }
}

extension FileSettings {
  fileprivate var recipe: String {
    let access = "\(quoted(owner ?? "")) \(quoted(group ?? "")) \(String(mode ?? Defaults.fileMode, radix: 8))"
    return "file \(format.recipe) \(access)"
  }
}

extension FileFormatSettings {
  fileprivate var recipe: String {
    switch self {
    case .pse(let pse):
      pse.recipe
    case .pem(let pem):
      "pem \(pem.certificate?.recipe ?? "none") \(pem.key?.recipe ?? "none") \(pem.keyFormat.rawValue)"
    case .pfx(let pfx):
      "pfx \(pfx.path.recipe) \(pfx.password.recipe) \(pfx.profile.rawValue) \(quoted(pfx.alias))"
    case .caDirectory(let path):
      "ca-directory \(path.recipe)"
    case .javaTruststore(let path, let password):
      "java-truststore \(path.recipe) \(password.recipe)"
    }
  }
}

extension PSEFileSettings {
  /// What has its default is left out: a recipe from before there was a choice is still the same.
  fileprivate var recipe: String {
    var parts = ["pse", path.recipe]
    if let version, version != Defaults.pseVersion { parts.append("version \(version.rawValue)") }
    if let pin { parts.append("pin \(quoted(pin.description))") }
    if certificateList != .issuers { parts.append("certificate-list \(certificateList.rawValue)") }
    if writer != .native { parts.append("writer \(writer.rawValue)") }
    // Whoever asks for credentials later gets them with a new generation, not only after the next change.
    if let login { parts.append("seclogin \(quoted(login))") }
    return parts.joined(separator: " ")
  }
}

extension OutputPath {
  fileprivate var recipe: String {
    switch self {
    case .inKeystore(let path): "own \(quoted(path))"
    case .absolute(let path): "absolute \(quoted(path.string))"
    }
  }
}

extension PasswordSource {
  fileprivate var recipe: String {
    switch self {
    case .empty: "empty"
    case .credential(let reference): "credential \(quoted(reference.description))"
    }
  }
}

/// Makes the text of a value end where it ends: no value can pass for two.
private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": result += "\\\(scalar)"
    case "\n": result += "\\n"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
