// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Planning

/// What `certrotd key list` shows: the keys of one service instance on the platform.
struct KeyListReport: Output.Displayable {
  struct Key: Encodable {
    let name: String
    let guid: String
    let owner: String
    let state: String
    let use: String?
    let created: Date?
    let ends: Date?
    let reason: String?

    init(_ key: ControlKey) {
      name = key.name
      guid = key.guid
      owner = key.owner
      state = key.state
      use = key.use
      created = key.created
      ends = key.ends
      reason = key.reason
    }
  }

  let keys: [Key]

  init(_ keys: [ControlKey]) { self.keys = keys.map(Key.init) }

  var text: String {
    guard !keys.isEmpty else { return "the platform has no key of this service instance" }
    var table = TextTable(["NAME", "OWNER", "USE", "STATE", "CREATED", "ENDS", "GUID", "WHY"])
    for key in keys {
      table.add([
        key.name, key.owner, key.use ?? "-", key.state, key.created.map(TimeText.instant) ?? "-",
        key.ends.map(TimeText.instant) ?? "-", key.guid, key.reason ?? "",
      ])
    }
    return table.text
  }
}
