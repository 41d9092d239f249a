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
      Self.store.recipe == """
        keystore "a"
        identity service-key "k"
        trust endpoints "x" "y"
        trust bundles "/r.pem"
        trust include issuers roots
        file ca-directory own "list" "" "" 640
        file pfx own "a.pfx" credential "p" modern "a" "" "" 640
        file pse absolute "/x/a.pse" "abcadm" "" 640

        """)
  }

  @Test func `order and what does not touch the files make no difference`() {
    var other = Self.store
    other.trust.endpoints = ["y", "x"]
    other.files.reverse()
    other.overlap = .seconds(1)
    other.afterChange = [HookSettings(arguments: ["/x"])]
    other.renewBefore = .fraction(0.5)
    other.alertBefore = []
    #expect(other.recipe == Self.store.recipe)
  }

  @Test func `everything else makes a difference`() {
    let changes: [(inout KeystoreSettings) -> Void] = [
      { $0.name = "b" }, { $0.identity = nil }, { $0.identity = .serviceKey("l") },
      { $0.identity = .pem(PEMIdentityFiles(certificate: "/c", key: "/k")) },
      { $0.identity = .selfSigned(SelfSignedSettings(subject: "CN=a")) },
      { $0.identity = .selfSigned(SelfSignedSettings(subject: "CN=a", validFor: .seconds(86_400))) },
      { $0.identity = .selfSigned(SelfSignedSettings(subject: "CN=a", keyBits: .rsa4096)) },
      { $0.trust.endpoints = ["x"] }, { $0.trust.endpoints = ["x y"] }, { $0.trust.endpoints = ["x\" \"y\\"] },
      { $0.adopt = AdoptionSettings(file: "/x/old.pse") }, { $0.trust.bundles = [] }, { $0.trust.include = [.leaf] },
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
    var recipes: Set = [Self.store.recipe]
    for change in changes {
      var other = Self.store
      change(&other)
      #expect(recipes.insert(other.recipe).inserted, "\(other.recipe)")
    }
  }
}
