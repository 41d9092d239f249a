// SPDX-License-Identifier: Apache-2.0

import Host
import Rotation
import SystemPackage
import Testing

/// The drop-ins in systemd/examples, which administrators copy.
@Suite struct ExampleDropInTests {
  /// Under another name the daemon would silently make a key of its own.
  @Test func theSealingKeyHasTheNameThatTheDaemonLooksFor() throws {
    let project = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
    let example = try HostFiles().readFile(project.appending("systemd/examples/credentials.conf"), limit: 1 << 16)
    let text = String(decoding: example, as: UTF8.self)
    #expect(text.contains("#LoadCredential=\(StateLayout.sealingCredential):"))
  }
}
