// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Planning
import Settings
import SystemPackage
import Testing

/// How the file is made that takes the place of an adopted one.
@Suite struct AdoptedFormTests {
  private let form = AdoptedForm(version: .four, hasPIN: true, owner: 1001, group: 79, mode: 0o600)
  private let place = OutputPath.absolute("/sec/a.pse")

  private func keystore(_ files: [FileSettings], pin: CredentialReference? = nil) -> KeystoreSettings {
    KeystoreSettings(name: "client", adopt: AdoptionSettings(file: "/sec/a.pse", pin: pin), files: files)
  }

  private func state(_ form: AdoptedForm?) -> KeystoreState {
    KeystoreState(
      adoption: AdoptionState(file: "/sec/a.pse", adoptedAt: start, identity: nil, trust: [], form: form))
  }

  @Test func whatNobodySaidIsThatOfTheFile() {
    let other = FileSettings(format: .pse(PSEFileSettings(path: .absolute("/sec/b.pse"))))
    let settings = keystore(
      [FileSettings(format: .pse(PSEFileSettings(path: place))), other], pin: .systemd(name: "p"))
    let made = settings.inForce(state(form))
    #expect(
      made.files == [
        FileSettings(
          format: .pse(PSEFileSettings(path: place, version: .four, pin: .systemd(name: "p"))), owner: "1001",
          group: "79", mode: 0o600), other,
      ])
    #expect(made.filesRecipe != settings.filesRecipe && made.inForce(state(form)) == made)
    #expect(settings.inForce(state(nil)) == settings && settings.inForce(KeystoreState()) == settings)
  }

  @Test func whatSomebodySaidStays() {
    let said = FileSettings(
      format: .pse(PSEFileSettings(path: place, version: .two, isWithoutPIN: true)), owner: "abcadm", group: "sapsys",
      mode: 0o640)
    let settings = keystore([said], pin: .systemd(name: "p"))
    #expect(settings.inForce(state(form)) == settings)
  }

  @Test func withoutItsPINNothingIsWritten() {
    var sample = Sample(identity: Sample.selfSigned, endpoints: [])
    sample.keystore.files = [FileSettings(format: .pse(PSEFileSettings(path: place)))]
    sample.keystore.adopt = AdoptionSettings(file: "/sec/a.pse")
    sample.state.identity = identity(50, from: 0, to: 100 * day, recipe: Sample.selfSigned.recipe)
    sample.state.adoption = state(form).adoption
    guard case .stuck(let sentence) = sample.decision(at: start) else {
      Issue.record("\(sample.decision(at: start))")
      return
    }
    #expect(sentence.contains("'pin-credential'"))
    sample.keystore.adopt = AdoptionSettings(file: "/sec/a.pse", pin: .systemd(name: "p"))
    guard case .write(let content, _) = sample.decision(at: start) else {
      Issue.record("\(sample.decision(at: start))")
      return
    }
    #expect(content.recipe == sample.keystore.inForce(sample.state).filesRecipe)
  }
}
