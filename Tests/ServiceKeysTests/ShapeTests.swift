// SPDX-License-Identifier: Apache-2.0

import Certificates
import Host
import Testing

@testable import ServiceKeys

struct ShapeTests {
  /// A frame with `@` for the members of the credentials, and where they are found.
  @Test(arguments: [
    ("{@}", ServiceKeyShape.bare, "", nil),
    ("{\"credentials\": {@}}", .credentials, "credentials", nil),
    ("{\"oauth\": {@}}", .oauth, "oauth", nil),
    ("{\"credentials\": {\"oauth\": {@}}}", .oauth, "credentials.oauth", nil),
    ("{\"credentials\": {\"uaa\": {@}, \"url\": \"https://x.example\"}}", .uaa, "credentials.uaa", nil),
    ("{\"messaging\": [{\"oa2\": {\"clientsecret\": \"x\"}}, {\"oa2\": {@}}]}", .list, "messaging.1.oa2", nil),
    ("[{@}]", .list, "0", nil),
    ("{\"xsuaa\": [{\"name\": \"x\", \"credentials\": {@}}]}", .vcapServices, "xsuaa.0.credentials", nil),
    (
      "{\"VCAP_SERVICES\": {\"xsuaa\": [{\"credentials\": {@}}]}}", .vcapServices,
      "VCAP_SERVICES.xsuaa.0.credentials", nil
    ),
    (
      "Getting key my key for service instance cpi as a@b.example...\n\n{\"credentials\": {@}}\n", .cloudFoundryText,
      "credentials", "my key"
    ),
    // Words without end are not looked through.
    (
      "Getting key k for service instance \(String(repeating: "a as ", count: 200))b\n{@}", .cloudFoundryText, "", nil
    ),
    ("Retrieving…\r\n\r\n{@}", .cloudFoundryText, "", nil),
    (
      "{\"id\": \"1\", \"name\": \"b\", \"service_instance_id\": \"2\", \"ready\": true, \"credentials\": {@}}",
      .serviceManagerBinding, "credentials", "b"
    ),
    ("{\"a\": {\"b\": {@}}}", .nested, "a.b", nil),
    ("\u{FEFF} \n{@}\n", .bare, "", nil),
  ])
  func `every shape is found`(frame: String, shape: ServiceKeyShape, path: String, name: String?) throws {
    // The address in a heading holds the same sign.
    let json = frame.replacing("{@}", with: "{\(try Sample.members())}")
    let document = try Sample.read(json)
    #expect(document.shape == shape && document.fieldPath == path && document.keyName == name)
    #expect(try document.certificates == Sample.certificates)
    #expect(try document.privateKeyPEM == SecretBytes(copying: Sample.key.utf8))
  }

  @Test func `Kubernetes secrets are read in all their forms`() throws {
    let chain = try Sample.chain
    let key = try Sample.key
    let data =
      "{\"certificate\": \(Sample.base64(chain)), \"key\": \(Sample.base64(key)), \"clientid\": \(Sample.base64("sb-x"))}"
    let whole = try Sample.base64("{\"oauth\": {\(Sample.members())}}")
    let secret = "{\"kind\": \"Secret\", \"metadata\": {\"name\": \"n\"}, \"data\": @}"
    for (json, path) in [
      (data, ""), (secret.replacing("@", with: data), "data"),
      (secret.replacing("@", with: "{\"credentials\": \(whole)}"), "data.credentials.oauth"),
      (
        secret.replacing("@", with: "{\"tls.crt\": \(Sample.base64(chain)), \"tls.key\": \(Sample.base64(key))}"),
        "data"
      ),
    ] {
      let document = try Sample.read(json)
      #expect(document.shape == .kubernetesSecret && document.fieldPath == path)
      #expect(document.certificates.count == 3 && document.privateKeyPEM == SecretBytes(copying: key.utf8))
    }
    #expect(try Sample.read(data).clientID == "sb-x")
    #expect(try Sample.read(secret.replacing("@", with: data)).keyName == "n")
  }

  @Test func `text of Windows is read`() throws {
    let json = try "Getting key k for service instance i as u...\r\n\r\n{\(Sample.members())}"
    var little: [UInt8] = [0xFF, 0xFE]
    var big: [UInt8] = [0xFE, 0xFF]
    for unit in json.utf16 {
      little += [UInt8(unit & 0xFF), UInt8(unit >> 8)]
      big += [UInt8(unit >> 8), UInt8(unit & 0xFF)]
    }
    for bytes in [little, big] { #expect(try ServiceKeyReader.read(bytes).keyName == "k") }
    #expect(Sample.failure(little.dropLast() + []) == .notText)
  }

  @Test func `Cloud Logging has names of its own`() throws {
    let fields = try "\(Sample.quoted(Sample.chain)), \"ingest-mtls-key\": \(Sample.quoted(Sample.key))"
    let document = try Sample.read("{\"ingest-mtls-cert\": \(fields), \"server-ca\": \"x\"}")
    #expect(document.shape == .bare && document.certificates.count == 3)
  }

  @Test func `configured paths are followed`() throws {
    let chain = Sample.quoted(try Sample.chain)
    let key = Sample.quoted(try Sample.key)
    let json =
      "{\"a.b\": {\"list\": [0, {\"crt\": \(chain), \"pem\": \(key), \"clientid\": \"c\"}]}, \"certificate\": 5}"
    let document = try Sample.read(
      json, fields: ServiceKeyFieldPaths(certificate: "a.b.list.1.crt", key: "a.b.list.1.pem"))
    #expect(document.shape == .configured && document.fieldPath == "a.b.list.1" && document.clientID == "c")
    for path in ["a.b.list.2.crt", "a.b.list.-1.crt", "a", "certificate", "a..b", "", "a.b.list.1.crt.x"] {
      #expect(
        Sample.failure(json, fields: ServiceKeyFieldPaths(certificate: path, key: "k")) == .fieldMissing(path: path))
    }
    let noKey = ServiceKeyFieldPaths(certificate: "a.b.list.1.crt", key: "a.b.list.1.clientid")
    #expect(Sample.failure(json, fields: noKey) == .badKey(path: noKey.key, reason: "there is no PEM private key"))
  }

  @Test(arguments: [
    (
      "\"tokenurl\": \"https://a.authentication.cert.example/oauth/token\"",
      "https://a.authentication.cert.example/oauth/token"
    ),
    (
      "\"certurl\": \"https://a.authentication.cert.example\", \"url\": \"https://b.example\"",
      "https://a.authentication.cert.example/oauth/token"
    ),
    ("\"certurl\": \"https://a.example/\"", "https://a.example/oauth/token"),
    ("\"certurl\": \"https://t.accounts.ondemand.com\"", "https://t.accounts.ondemand.com/oauth2/token"),
    ("\"url\": \"https://t.accounts.cloud.sap\"", "https://t.accounts.cloud.sap/oauth2/token"),
    ("\"url\": \"https://t.example\", \"credential-type\": \"X509_GENERATED\"", "https://t.example/oauth2/token"),
    ("\"url\": \"https://b.authentication.example\", \"credential-type\": \"x509\"", nil),
    ("\"tokenendpoint\": \"https://a.example/oauth/token\"", "https://a.example/oauth/token"),
    ("\"tokenurl\": \"http://a.example/oauth/token\"", nil),
    ("\"tokenurl\": \"https://a.example/\\r\\nX: y\"", nil),
    ("\"clientid\": \"c\"", nil),
  ])
  func `the token endpoint is the one for certificates`(member: String, url: String?) throws {
    #expect(try Sample.read("{\(Sample.members()), \(member)}").tokenURL == url)
  }

  @Test func `what else the platform says is kept`() throws {
    let details = "{\"subjectdn\": \"CN=a\", \"validuntil\": \"2030-01-01T00:00:00.000Z\", \"serialnumber\": 5}"
    let document = try Sample.read(
      "{\(Sample.members()), \"clientid\": \"sb!b1|it!b2\", \"certificatedetails\": \(details)}")
    #expect(document.clientID == "sb!b1|it!b2")
    #expect(
      document.details
        == CertificateDetails(subject: "CN=a", issuer: nil, validUntil: "2030-01-01T00:00:00.000Z", serialNumber: nil))
  }
}
