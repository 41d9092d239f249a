// SPDX-License-Identifier: Apache-2.0

import Host
import SystemPackage
import Testing

@Suite struct SystemErrorTests {
  @Test(arguments: [
    (SystemError(call: "open", path: "/x/y", errno: .permissionDenied), "open /x/y: Permission denied (EACCES)"),
    (SystemError(call: "fork", errno: .noMemory), "fork: Cannot allocate memory (ENOMEM)"),
    (
      SystemError(call: "read", path: "/x", errno: .fileTooLarge, detail: "more than 5 bytes"),
      "read /x: File too large (EFBIG), more than 5 bytes"
    ),
    (SystemError(call: "odd", errno: Errno(rawValue: 4000)), "odd: Unknown error 4000 (errno 4000)"),
  ])
  func saysWhatFailedWhereAndWhy(error: SystemError, text: String) {
    #expect("\(error)" == text)
  }
}
