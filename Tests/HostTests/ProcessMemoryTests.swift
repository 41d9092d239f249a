// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage
import Testing

struct ProcessMemoryTests {
  @Test func `pages of code are let go and come back`() throws {
    let before = try residentFilePages()
    ProcessMemory.releaseCode()
    let after = try residentFilePages()
    #expect(after < before)
    #expect("what runs from here on comes from the file again".count == 48)
  }

  /// Resident pages that belong to files, `/proc/self/statm` of proc(5).
  private func residentFilePages() throws -> Int {
    let program = try HostFiles().readFile("/proc/self/statm", limit: 4096)
    let fields = String(decoding: program, as: UTF8.self).split(separator: " ")
    return try #require(Int(fields[2]))
  }
}
