// SPDX-License-Identifier: Apache-2.0

import Certificates
import Delivery
import Host
import SystemPackage
import TestSupport
import Testing

/// Every single file system call of staging and activating fails once, or is the first one after a crash.
@Suite struct DeliveryFaultTests {
  private let keystore: KeystoreFixture

  /// A keystore with generation 1 in force.
  init() throws {
    keystore = try KeystoreFixture()
    try keystore.deliver(upTo: 1, areSmall: true)
  }

  private var store: GenerationStore { keystore.store() }
  private func second() throws -> DeliverySet { try keystore.set(2, isSmall: true) }

  /// Runs `body` once to count its calls, and takes back what it did.
  private func count(_ body: (GenerationStore) throws -> Void, undo: () throws -> Void) throws -> Int {
    let calls = FailingFileCalls()
    try body(keystore.store(calls))
    try undo()
    try #require(calls.count > 50)
    return calls.count
  }

  @Test func stagingThatFailsAnywhereChangesNothingInForce() throws {
    func undo() throws { try HostFiles().removeTree(at: store.directory(of: 2)) }
    for number in 1...(try count({ try $0.stage(2, second()) }, undo: undo)) {
      for fault in [FailingFileCalls.Fault.once(number: number, .noSpace), .from(number: number)] {
        let error = #expect(throws: DeliveryError.self, "\(fault)") {
          try keystore.store(FailingFileCalls(fault)).stage(2, second())
        }
        #expect(error?.culprit == .host)
        #expect(try store.damage(of: 1) == [], "\(fault)")
        try store.discardPartials()
        #expect(try keystore.debris() == [], "\(fault)")
        try store.stage(2, second())
        #expect(try store.readBack(2).count == 3, "\(fault)")
        try undo()
      }
    }
  }

  @Test func activatingThatFailsAnywhereLeavesTheOldSetInForce() throws {
    try store.stage(2, second())
    for number in 1...(try count({ try $0.activate(2) }, undo: { try store.activate(1) })) {
      let outcome = Result { () throws(DeliveryError) in
        try keystore.store(FailingFileCalls(.once(number: number, .ioError))).activate(2)
      }
      switch outcome {
      case .success(let activation):
        // A comparison that failed is answered by replacing; an old file that stays behind is told.
        #expect(try Set(keystore.inForce()) == [2], "call \(number)")
        #expect(try activation.leftBehind.isEmpty == keystore.debris().isEmpty, "call \(number)")
      case .failure(let error):
        #expect(error.notRestored == [], "call \(number)")
        #expect(try store.damage(of: 1) == [], "call \(number)")
      }
      try store.activate(2)
      try store.discardPartials()
      #expect(try store.damage(of: 2) == [], "call \(number)")
      #expect(try keystore.debris() == [], "call \(number)")
      try store.activate(1)
    }
  }

  @Test(arguments: [1, 2]) func aCrashAnywhereIsMadeWholeInEitherDirection(direction: Int) throws {
    try store.stage(2, second())
    for number in 1...(try count({ try $0.activate(2) }, undo: { try store.activate(1) })) {
      let outcome = Result { () throws(DeliveryError) in
        try keystore.store(FailingFileCalls(.from(number: number))).activate(2)
      }
      if case .failure(let error) = outcome { #expect(error.culprit == .host) }
      // Whole files everywhere, each of one generation or the other.
      #expect(try keystore.inForce().allSatisfy { $0 == 1 || $0 == 2 }, "call \(number)")
      try store.activate(direction)
      try store.discardPartials()
      #expect(try store.damage(of: direction) == [], "call \(number)")
      #expect(try keystore.debris() == [], "call \(number)")
      try store.activate(1)
    }
  }

  @Test func theFirstActivationLeavesNothingWhenItFails() throws {
    func undo() throws {
      for path in [keystore.pse, keystore.list, store.currentLink] { try HostFiles().removeTree(at: path) }
    }
    try undo()
    for number in 1...(try count({ try $0.activate(1) }, undo: undo)) {
      let outcome = Result { () throws(DeliveryError) in
        try keystore.store(FailingFileCalls(.once(number: number, .ioError))).activate(1)
      }
      if case .failure = outcome {
        #expect(try Set(keystore.inForce()) == [nil], "call \(number)")
        #expect(try store.current() == nil, "call \(number)")
      }
      try store.activate(1)
      #expect(try store.damage(of: 1) == [], "call \(number)")
      try undo()
    }
  }

  /// renameat2(2) answers EINVAL on file systems that cannot swap names.
  @Test func whereNamesCannotBeSwappedFilesAreRenamedAndFoldersRefused() throws {
    let probe = FailingFileCalls()
    try store.stage(2, second())
    try keystore.store(probe).activate(2)
    try store.activate(1)
    let swaps = probe.log.indices.filter { probe.log[$0].hasPrefix("renameat2") }.map { $0 + 1 }
    try #require(swaps.count == 2)

    try keystore.store(FailingFileCalls(.once(number: swaps[0], .invalidArgument))).activate(2)
    #expect(try Set(keystore.inForce()) == [2])
    try store.activate(1)
    let error = #expect(throws: DeliveryError.self) {
      try keystore.store(FailingFileCalls(.once(number: swaps[1], .invalidArgument))).activate(2)
    }
    #expect(error?.culprit == .host)
    #expect(error?.description.contains("cannot swap two names") == true)
    #expect(try Set(keystore.inForce()) == [1])
  }
}
