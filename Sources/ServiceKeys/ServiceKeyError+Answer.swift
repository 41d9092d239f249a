// SPDX-License-Identifier: Apache-2.0

extension ServiceKeyError {
  /// The same about credentials that a platform gave, where there is no file: what is wrong, and what to do.
  package var answer: String {
    switch self {
    case .empty: "the platform's answer is empty"
    case .tooLarge(let limit): "the platform's answer is larger than \(limit) bytes; a service key is not"
    case .notText: "the platform's answer is no text"
    case .notJSON: "the platform's answer is not JSON"
    case .truncated: "the platform's answer breaks off"
    case .tooDeep(let limit): "the platform's answer is nested more than \(limit) levels deep; a service key is not"
    case .pemText: "the platform's answer is PEM text, not a service key"
    case .secretOnly(let path):
      "\(Self.place(path)) holds a client secret, no certificate: 'preset' and 'parameters' do not make this service "
        + "give a certificate; name the preset of the service, or the parameters that it takes"
    case .noCertificate:
      "no certificate stands where service keys have one; name the preset of the service, or say in 'fields' where "
        + "certificate and key stand"
    case .keyMissing(let path):
      "\(Self.place(path)) holds a certificate without its private key; correct 'parameters', so that the service makes "
        + "the key"
    case .ambiguous(let paths):
      "there are several certificates, at \(paths.map(Self.place).joined(separator: ", ")); say in 'fields' which one is "
        + "meant"
    case .badCertificate(let path, let reason): "\(Self.place(path)): \(reason)"
    case .noCertificateText(let path): "\(Self.place(path)) holds no PEM certificate"
    case .badKey(let path, let reason): "\(Self.place(path)): \(reason)"
    case .fieldMissing: description
    }
  }
}
