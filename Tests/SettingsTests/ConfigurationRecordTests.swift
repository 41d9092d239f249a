// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SystemPackage
import Testing

@testable import Settings

struct ConfigurationRecordTests {
  private let yaml = """
    endpoints: {e: {url: e.example}}
    service-keys: {s: {from: {file: /etc/certrotd/keys/later.json}}}
    keystores:
      k:
        identity: {service-key: s}
        trust: {endpoints: [e], bundles: [/etc/certrotd/roots.pem]}
        files: [{pse: {path: /usr/sap/ABC/D00/sec/x.pse}}]
        after-change: [[/usr/local/bin/restart-consumer]]
    """

  @Test func `a configuration is read again from its record though all its files are gone`() throws {
    var files = FakeFiles.host
    files.add(mainFile, yaml)
    files.add("/etc/certrotd/conf.d/more.yaml", "endpoints: {f: {url: f.example}}")
    let recording = RecordingFiles(files)
    let reading = ConfigurationReader.read(main: mainFile, files: recording)
    let configuration = try #require(reading.configuration, "\(reading.mistakes)")
    let stored = try JSONDecoder().decode(
      ConfigurationRecord.self, from: JSONEncoder().encode(recording.record))
    #expect(stored == recording.record)
    let again = ConfigurationReader.read(main: mainFile, files: RecordedFiles(stored, others: FakeFiles()))
    #expect(again.configuration == configuration && again.mistakes == [])
    #expect(again.configuration?.endpoints.map(\.name) == ["e", "f"])
  }

  @Test func `what is on disk now is no part of it`() throws {
    var files = FakeFiles.host
    files.add(mainFile, yaml)
    let recording = RecordingFiles(files)
    _ = ConfigurationReader.read(main: mainFile, files: recording)
    files.add(mainFile, "endpoints: 7")
    files.add("/etc/certrotd/conf.d/more.yaml", "endpoints: {f: {url: f.example}}")
    let again = ConfigurationReader.read(main: mainFile, files: RecordedFiles(recording.record, others: files))
    #expect(again.configuration?.endpoints.map(\.name) == ["e"])
  }

  @Test func `a record of mistakes gives the same mistakes`() {
    var files = FakeFiles.host
    files.add(mainFile, yaml)
    files.damage("/etc/certrotd/roots.pem", .notPermitted)
    files.remove("/usr/local/bin/restart-consumer")
    let recording = RecordingFiles(files)
    let reading = ConfigurationReader.read(main: mainFile, files: recording)
    #expect(reading.mistakes.count == 2)
    let again = ConfigurationReader.read(main: mainFile, files: RecordedFiles(recording.record, others: FakeFiles.host))
    #expect(again.mistakes == reading.mistakes)
  }
}
