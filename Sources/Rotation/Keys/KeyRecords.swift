// SPDX-License-Identifier: Apache-2.0

import Certificates
import FoundationEssentials
import Ledger
import Planning

/// What the ledger is to know of the keys on the platform when a rotation has taken a step.
enum KeyRecords {
  /// The records that change.
  ///
  /// - Parameters:
  ///   - before: the rotation before the step.
  ///   - after: the rotation after it.
  ///   - known: what the ledger knows of the service key's keys.
  ///   - instance: the GUID of the service instance, for keys that are new.
  /// - Returns: as they are now, by GUID.
  static func changed(
    from before: KeyRotation, to after: KeyRotation, known: [PlatformKeyRecord], instance: String
  ) -> [PlatformKeyRecord] {
    var draft = Draft(known: known, instance: instance)
    draft.giveUp(after.discarded, before, after)
    if case .clearing(let cleared, _) = before.state, case .due = after.state {
      draft.change(cleared) { $0.state = .deleted }
    }
    // It stays in its state, since it may be listed again. One of another instance is where it was.
    if after.predecessorGoneAt != nil, let lost = before.predecessor?.guid, after.predecessor?.guid == nil {
      draft.change(lost) { $0.departure = .noticed }
    }
    draft.know(after.predecessor)
    switch after.state {
    case .clearing(let guid, _):
      draft.giveUpInFlight(but: nil)
      draft.change(guid) { $0.departure = .asked }
    case .due, .reserved, .requesting, .abandoned: draft.giveUpInFlight(but: nil)
    case .following(_, _, let guid): draft.giveUpInFlight(but: guid)
    case .created(let key), .reading(let key), .held(let key): draft.set(key, .inFlight, nil)
    case .examined(let key, let certificate), .verified(let key, let certificate):
      draft.set(key, .inFlight, certificate)
    case .delivered(let key, let certificate, let overlapEnds):
      draft.retire(allBut: key.guid, overlapEnds: overlapEnds)
      draft.set(key, .inForce, certificate)
    case .deleting(let key, let certificate, _):
      draft.set(key, .inForce, certificate)
      if let old = after.predecessor?.guid { draft.change(old) { $0.departure = .asked } }
    case .done(let key, let leftBehind):
      if case .deleting = before.state, leftBehind == nil, let old = before.predecessor?.guid {
        draft.change(old) { $0.state = .deleted }
      }
      draft.retire(allBut: key.guid, overlapEnds: nil)
      draft.set(key, .inForce, nil)
    }
    return draft.changes
  }

  private struct Draft {
    private var records: [String: PlatformKeyRecord]
    private var touched: Set<String> = []
    private let instance: String

    init(known: [PlatformKeyRecord], instance: String) {
      records = Dictionary(known.map { ($0.guid, $0) }, uniquingKeysWith: { first, _ in first })
      self.instance = instance
    }

    var changes: [PlatformKeyRecord] { touched.sorted().compactMap { records[$0] } }

    mutating func change(_ guid: String, _ body: (inout PlatformKeyRecord) -> Void) {
      guard var record = records[guid] else { return }
      body(&record)
      guard record != records[guid] else { return }
      records[guid] = record
      touched.insert(guid)
    }

    /// The key in force that came as a file has no record before somebody says which one it is.
    mutating func know(_ predecessor: KnownKey?) {
      guard let predecessor, predecessor.owner == .named, let guid = predecessor.guid, records[guid] == nil else {
        return
      }
      records[guid] = PlatformKeyRecord(
        guid: guid, name: predecessor.name ?? guid, instance: instance, owner: .named, state: .inForce,
        notBefore: predecessor.notBefore, notAfter: predecessor.notAfter)
      touched.insert(guid)
    }

    /// Only one key is in flight at a time; whichever else was comes to nothing.
    mutating func giveUpInFlight(but guid: String?) {
      for record in records.values where record.state == .inFlight && record.guid != guid {
        change(record.guid) { record in
          record.state = .givenUp
          record.reason = record.reason ?? "another key takes its place"
        }
      }
    }

    mutating func set(_ key: NewKey, _ state: PlatformKeyRecord.State, _ certificate: NewCertificate?) {
      if state == .inFlight { giveUpInFlight(but: key.guid) }
      if records[key.guid] == nil {
        records[key.guid] = PlatformKeyRecord(
          guid: key.guid, name: key.name, instance: instance, owner: .init(key.owner), state: state)
        touched.insert(key.guid)
      }
      change(key.guid) { record in
        record.state = state
        record.owner = .init(key.owner)
        // One that was adopted may be again what it was.
        if state != .inFlight { (record.reason, record.departure) = (nil, nil) }
        if state == .inForce { record.overlapEnds = nil }
        guard let certificate else { return }
        record.serial = certificate.serial
        record.notBefore = certificate.notBefore
        record.notAfter = certificate.notAfter
      }
    }

    /// Whoever was in force rests until its overlap is over, or is nobody's concern any more.
    mutating func retire(allBut guid: String, overlapEnds: Date?) {
      for record in records.values where record.state == .inForce && record.guid != guid {
        change(record.guid) { record in
          if record.owner == .foreign {
            record.state = .givenUp
            record.reason = "another installation made it, and it is not in force here any more"
          } else {
            record.state = .retiring
            record.overlapEnds = overlapEnds ?? record.overlapEnds
          }
        }
      }
    }

    mutating func giveUp(_ discarded: Set<String>, _ before: KeyRotation, _ after: KeyRotation) {
      var reason = "it is of no use"
      if case .failed(let failure) = after.standing { reason = failure.reason }
      for guid in discarded where records[guid]?.state == .inFlight || !before.discarded.contains(guid) {
        if let adoptee = before.adoptee, adoptee.guid == guid {
          change(guid) { $0.state = .init(adoptee.role) }
          continue
        }
        if let key = before.newKey, key.guid == guid { set(key, .givenUp, nil) }
        change(guid) { record in
          record.state = .givenUp
          record.reason = reason
        }
      }
    }
  }
}

extension PlatformKeyRecord.Owner {
  init(_ owner: KeyOwner) {
    switch owner {
    case .ours: self = .ours
    case .named: self = .named
    case .foreign: self = .foreign
    }
  }
}

extension PlatformKeyRecord.State {
  init(_ role: PlatformKeyState.Role) {
    switch role {
    case .inFlight: self = .inFlight
    case .inForce: self = .inForce
    case .retiring: self = .retiring
    case .givenUp: self = .givenUp
    case .deleted: self = .deleted
    }
  }
}

extension PlatformKeyState {
  init(_ record: PlatformKeyRecord) {
    let owner: KeyOwner =
      switch record.owner {
      case .ours: .ours
      case .named: .named
      case .foreign: .foreign
      }
    let role: Role =
      switch record.state {
      case .inFlight: .inFlight
      case .inForce: .inForce
      case .retiring: .retiring
      case .givenUp: .givenUp
      case .deleted: .deleted
      }
    self.init(
      guid: record.guid, name: record.name, owner: owner, role: role, leaf: record.leaf, notBefore: record.notBefore,
      notAfter: record.notAfter, overlapEnds: record.overlapEnds)
  }
}
