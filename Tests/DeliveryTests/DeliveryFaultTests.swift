// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import Host
import SystemPackage
import TestSupport
import Testing

/// Every single file system call of staging and activating fails once, or is the last one before a crash.
@Suite struct DeliveryFaultTests {
  /// Makes a keystore with generation 1 in force and, when asked for, generation 2 staged.
  private func keystore(staged: Bool) throws -> KeystoreFixture {
    let keystore = try KeystoreFixture()
    try keystore.deliver(upTo: 1)
    if staged { try keystore.store().stage(2, keystore.set(2)) }
    return keystore
  }

  private func countedCalls(staged: Bool, _ body: (KeystoreFixture, GenerationStore) throws -> Void) throws -> Int {
    let calls = FailingFileCalls()
    let keystore = try keystore(staged: staged)
    try body(keystore, keystore.store(calls))
    return calls.count
  }

  @Test func stagingThatFailsAnywhereChangesNothingInForce() throws {
    let count = try countedCalls(staged: false) { try $1.stage(2, $0.set(2)) }
    #expect(count > 80)
    for number in 1...count {
      for fault in [FailingFileCalls.Fault.once(number: number, .noSpace), .from(number: number)] {
        let keystore = try keystore(staged: false)
        let error = #expect(throws: DeliveryError.self, "\(fault)") {
          try keystore.store(FailingFileCalls(fault)).stage(2, keystore.set(2))
        }
        #expect(error?.culprit == .host)
        #expect(try Set(keystore.inForce()) == [1], "\(fault)")
        #expect(try keystore.store().damage(of: 1) == [], "\(fault)")
        try keystore.store().discardPartials()
        #expect(try keystore.debris() == [], "\(fault)")
        try keystore.store().stage(2, keystore.set(2))
        try keystore.store().activate(2)
        #expect(try Set(keystore.inForce()) == [2], "\(fault)")
      }
    }
  }

  @Test func activatingThatFailsAnywhereLeavesTheOldSetInForce() throws {
    let count = try countedCalls(staged: true) { _ = try $1.activate(2) }
    #expect(count > 80)
    for number in 1...count {
      let keystore = try keystore(staged: true)
      let leftBehind: [SystemError]?
      var failure: DeliveryError?
      do throws(DeliveryError) {
        leftBehind = try keystore.store(FailingFileCalls(.once(number: number, .ioError))).activate(2).leftBehind
      } catch {
        leftBehind = nil
        failure = error
      }
      if let leftBehind {
        // A comparison that failed is answered by replacing; an old file that stays behind is told.
        #expect(try Set(keystore.inForce()) == [2], "call \(number)")
        #expect(try leftBehind.isEmpty == keystore.debris().isEmpty, "call \(number)")
      } else {
        #expect(failure?.notRestored == [], "call \(number)")
        #expect(try Set(keystore.inForce()) == [1], "call \(number)")
        #expect(try keystore.store().damage(of: 1) == [], "call \(number)")
      }
      try keystore.store().activate(2)
      try keystore.store().discardPartials()
      #expect(try Set(keystore.inForce()) == [2], "call \(number)")
      #expect(try keystore.store().damage(of: 2) == [], "call \(number)")
      #expect(try keystore.debris() == [], "call \(number)")
    }
  }

  @Test(arguments: [1, 2]) func aCrashAnywhereIsMadeWholeInEitherDirection(direction: Int) throws {
    let count = try countedCalls(staged: true) { _ = try $1.activate(2) }
    for number in 1...count {
      let keystore = try keystore(staged: true)
      do throws(DeliveryError) {
        try keystore.store(FailingFileCalls(.from(number: number))).activate(2)
      } catch {
        #expect(error.culprit == .host)
      }
      // Each file is whole, and those that are switched together belong together.
      let found = try keystore.inForce()
      #expect(found.allSatisfy { $0 == 1 || $0 == 2 }, "call \(number)")
      #expect(Set(found.prefix(4)).count == 1, "call \(number)")
      try keystore.store().activate(direction)
      try keystore.store().discardPartials()
      #expect(try Set(keystore.inForce()) == [direction], "call \(number)")
      #expect(try keystore.debris() == [], "call \(number)")
    }
  }

  @Test func theFirstActivationLeavesNothingWhenItFails() throws {
    let calls = FailingFileCalls()
    let first = try KeystoreFixture()
    try first.store().stage(1, first.set(1))
    try first.store(calls).activate(1)
    for number in 1...calls.count {
      let keystore = try KeystoreFixture()
      try keystore.store().stage(1, keystore.set(1))
      #expect(throws: DeliveryError.self, "call \(number)") {
        try keystore.store(FailingFileCalls(.once(number: number, .ioError))).activate(1)
      }
      #expect(try Set(keystore.inForce()) == [nil], "call \(number)")
      #expect(try keystore.store().current() == nil, "call \(number)")
      try keystore.store().activate(1)
      #expect(try Set(keystore.inForce()) == [1], "call \(number)")
    }
  }

  /// renameat2(2) answers EINVAL on file systems that cannot swap names.
  @Test func whereNamesCannotBeSwappedFilesAreRenamedAndFoldersRefused() throws {
    let probe = FailingFileCalls()
    let first = try keystore(staged: true)
    try first.store(probe).activate(2)
    let swaps = probe.log.indices.filter { probe.log[$0].hasPrefix("renameat2") }.map { $0 + 1 }
    try #require(swaps.count == 2)

    let file = try keystore(staged: true)
    try file.store(FailingFileCalls(.once(number: swaps[0], .invalidArgument))).activate(2)
    #expect(try Set(file.inForce()) == [2])

    let folder = try keystore(staged: true)
    let error = #expect(throws: DeliveryError.self) {
      try folder.store(FailingFileCalls(.once(number: swaps[1], .invalidArgument))).activate(2)
    }
    #expect(error?.culprit == .host)
    #expect(error?.description.contains("cannot swap two names") == true)
    #expect(try Set(folder.inForce()) == [1])
  }
}
