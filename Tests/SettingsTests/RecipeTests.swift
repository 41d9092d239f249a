// SPDX-License-Identifier: Apache-2.0

import SystemPackage
import Testing

@testable import Settings

struct RecipeTests {
  private static let store = KeystoreSettings(
    name: "a", identity: .serviceKey("k"), trust: TrustSettings(endpoints: ["x", "y"], bundles: ["/r.pem"]),
    files: [
      FileSettings(
        format: .pfx(
          PFXFileSettings(
            path: .inKeystore("a.pfx"), password: .credential(.systemd(name: "p")), alias: "a"))),
      FileSettings(format: .pse(PSEFileSettings(path: .absolute("/x/a.pse"))), owner: "abcadm"),
      FileSettings(format: .caDirectory(path: .inKeystore("list"))),
    ])

  @Test func `the recipe is what it was`() {
    #expect(
      Self.store.filesRecipe == """
        file ca-directory own "list" "" "" 640
        file pfx own "a.pfx" credential "p" modern "a" "" "" 640
        file pse absolute "/x/a.pse" "abcadm" "" 640

        """)
  }

  @Test func `order and what does not touch the files make no difference`() {
    var other = Self.store
    other.name = "b"
    other.identity = nil
    other.trust = TrustSettings()
    other.files.reverse()
    other.overlap = .seconds(1)
    other.afterChange = [HookSettings(arguments: ["/x"])]
    other.renewBefore = .fraction(0.5)
    other.alertBefore = []
    #expect(other.filesRecipe == Self.store.filesRecipe)
  }

  @Test func `everything else makes a difference`() {
    let changes: [(inout KeystoreSettings) -> Void] = [
      { $0.files.removeLast() },
      { $0.files[1].owner = nil }, { $0.files[1].group = "abcadm" }, { $0.files[1].mode = 0o600 },
      { $0.files[1].format = .pse(PSEFileSettings(path: .inKeystore("x/a.pse"))) },
      { $0.files[1].format = .pse(PSEFileSettings(path: .absolute("/x/a.pse"), version: .four)) },
      { $0.files[1].format = .pse(PSEFileSettings(path: .absolute("/x/a.pse"), pin: .systemd(name: "p"))) },
      { $0.files[1].format = .pse(PSEFileSettings(path: .absolute("/x/a.pse"), certificateList: .chain)) },
      { $0.files[1].format = .pse(PSEFileSettings(path: .absolute("/x/a.pse"), writer: .sapgenpse)) },
      { $0.files[1].format = .pse(PSEFileSettings(path: .absolute("/x/a.pse"), login: "abcadm")) },
      { $0.files[0].format = .javaTruststore(path: .inKeystore("a.pfx"), password: .empty) },
      { $0.files[0].format = .pem(PEMFileSettings(certificate: .inKeystore("a.pfx"), key: nil)) },
      { $0.files[0].format = .pem(PEMFileSettings(certificate: nil, key: .inKeystore("a.pfx"))) },
      { $0.files[0].format = .pem(PEMFileSettings(certificate: nil, key: .inKeystore("a.pfx"), keyFormat: .pkcs1)) },
    ]
    var recipes: Set = [Self.store.filesRecipe]
    for change in changes {
      var other = Self.store
      change(&other)
      #expect(recipes.insert(other.filesRecipe).inserted, "\(other.filesRecipe)")
    }
  }

  @Test func `an identity has another recipe for another source`() {
    let sources: [IdentitySource] = [
      .serviceKey("k"), .serviceKey("l"), .pem(PEMIdentityFiles(certificate: "/c", key: "/k")),
      .selfSigned(SelfSignedSettings(subject: "CN=a")),
      .selfSigned(SelfSignedSettings(subject: "CN=a", validFor: .seconds(86_400))),
      .selfSigned(SelfSignedSettings(subject: "CN=a", keyBits: .rsa4096)),
    ]
    #expect(Set(sources.map(\.recipe)).count == sources.count)
  }
}
