// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Settings
import SystemPackage
import Testing

@testable import Planning

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
          group: "79", mode: 0o600),
        FileSettings(format: .pse(PSEFileSettings(path: .absolute("/sec/b.pse"), pin: .systemd(name: "p")))),
      ], "a file elsewhere has its PIN, and nothing else of it")
    var renamed = state(form)
    renamed.adoption?.otherNames = ["/sec/b.pse"]
    #expect(settings.inForce(renamed).files.map(\.owner) == ["1001", "1001"], "it is the file under another name")
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
    guard case .stuck(let standstill) = sample.decision(at: start) else {
      Issue.record("\(sample.decision(at: start))")
      return
    }
    #expect(standstill.sentence.contains("'pin-credential'") && standstill.sentence.contains("/sec/a.pse"))
    #expect(sample.due(sample.write, at: start)?.reason == .stuck(standstill.sentence), "somebody has to be told")
    sample.state.writing = Schedule(lastAttempt: start, failures: 1, nextAttempt: start, reason: standstill.sentence)
    #expect(sample.due(sample.write, at: start + day) == nil, "once")
    sample.state.writing.reason = "the disk is full"
    #expect(sample.due(sample.write, at: start + day) != nil, "that was something else")
    sample.state.writing.reason = standstill.sentence
    sample.keystore.adopt = AdoptionSettings(file: "/sec/a.pse", pin: .systemd(name: "p"))
    guard case .write(let content, _) = sample.decision(at: start) else {
      Issue.record("\(sample.decision(at: start))")
      return
    }
    #expect(content.recipe == sample.keystore.inForce(sample.state).filesRecipe)
    #expect(sample.due(sample.write, at: start)?.since == start, "it is written as soon as somebody has acted")
  }

  @Test func filesElsewhereNeedThePINToo() {
    let elsewhere = FileSettings(format: .pse(PSEFileSettings(path: .inKeystore("own.pse"))))
    let plain = FileSettings(format: .pse(PSEFileSettings(path: .absolute("/b.pse"), isWithoutPIN: true)))
    let settings = keystore([elsewhere, plain])
    #expect(settings.filesWithoutPIN(state(form)) == [.inKeystore("own.pse")])
    #expect(settings.filesWithoutPIN(KeystoreState()) == [])
    #expect(keystore([elsewhere], pin: .systemd(name: "p")).filesWithoutPIN(state(form)) == [])
  }
}
