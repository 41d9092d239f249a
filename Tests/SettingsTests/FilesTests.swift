// SPDX-License-Identifier: Apache-2.0

import SystemPackage
import Testing

@testable import Settings

struct FilesTests {
  @Test func `drop-ins are read in name order, and only they`() throws {
    let reading = read("endpoints: {m: {url: m.example}}") { files in
      files.add("/etc/certrotd/conf.d/20-b.yaml", "endpoints: {b: {url: b.example}}")
      files.add("/etc/certrotd/conf.d/10-a.yaml", "endpoints: {a: {url: a.example}}")
      files.add("/etc/certrotd/conf.d/.hidden.yaml", "rubbish")
      files.add("/etc/certrotd/conf.d/10-a.yaml~", "rubbish")
      files.add("/etc/certrotd/conf.d/README", "rubbish")
    }
    #expect(reading.configuration?.endpoints.map(\.name) == ["m", "a", "b"])
    #expect(reading.files == [mainFile, "/etc/certrotd/conf.d/10-a.yaml", "/etc/certrotd/conf.d/20-b.yaml"])
  }

  @Test func `what stands in an entry that is refused for its name is checked all the same`() {
    let found = read("endpoints:\n  a: {url: a.example}\n  a: {url: b.example, password: x}\n  b/c: {uri: c.example}\n")
    {
      files in
      files.add(
        "/etc/certrotd/conf.d/x.yaml",
        """
        endpoints:
          a: {url: d.example, token: y}
        endpoints:
          d: {url: e.example, secret: z}
        keystores:
          k: {files: [], files: [{pse: {path: k.pse, pin: w}}]}
        """)
    }.mistakes.map(\.description)
    for place in ["certrotd.yaml:3:23", "x.yaml:2:23", "x.yaml:4:23", "x.yaml:6:46"] {
      #expect(
        found.contains { $0.contains("\(place): error") && $0.contains("a secret must not stand in") },
        "\(place): \(found)")
    }
    #expect(found.contains { $0.contains("unknown key 'uri'") }, "\(found)")
  }

  @Test func `names are unique over all files, and defaults stand in one`() {
    let found = read("defaults: {}\nendpoints:\n  a: {url: a.example}\n") { files in
      files.add(
        "/etc/certrotd/conf.d/x.yaml", "endpoints:\n  b: {url: b.example}\n  a: {url: c.example}\ndefaults: {}\n")
    }.mistakes.map(\.description)
    #expect(
      found == [
        "/etc/certrotd/conf.d/x.yaml:3:3: error: endpoints.a: another endpoint has this name already;"
          + " the first one is at /etc/certrotd/certrotd.yaml:3:3",
        "/etc/certrotd/conf.d/x.yaml:4:11: error: defaults: 'defaults' may stand in one file only;"
          + " the first one is at /etc/certrotd/certrotd.yaml:1:11",
      ])
  }

  @Test func `the same name may be used for different kinds`() {
    #expect(
      mistakes(
        """
        endpoints: {a: {url: a.example}}
        service-keys: {a: {from: {file: /etc/a}}}
        keystores: {a: {identity: {service-key: a}, trust: {endpoints: [a]}, files: [{pse: {path: a}}]}}
        """) == [])
  }

  @Test func `mistakes of all files are found in one run`() {
    let found = read("endpoints: {a: {url: [}}") { files in
      files.add("/etc/certrotd/conf.d/1.yaml", "endpoints: {b: {}}")
      files.add("/etc/certrotd/conf.d/2.yml", "")
      files.add("/etc/certrotd/conf.d/3.yaml", bytes: [0x61, 0x0A, 0xFF])
      files.add("/etc/certrotd/conf.d/4.yaml", String(repeating: "#", count: 1_000_001))
      files.add("/etc/certrotd/conf.d/5.yaml", "")
      files.damage("/etc/certrotd/conf.d/5.yaml", .notPermitted)
      files.addFolder("/etc/certrotd/conf.d/6.yaml")
      files.add("/etc/certrotd/conf.d/7.yaml", "endpoints: 5\n--- \nkeystores: 6\n")
    }
    #expect(reading(found, 0) == "certrotd.yaml:1:23")
    #expect(found.mistakes[0].message.hasPrefix("YAML syntax: did not find expected"))
    #expect(reading(found, 1) == "1.yaml:1:13" && found.mistakes[1].message.contains("'url' is missing"))
    #expect(reading(found, 2) == "2.yml:1:1" && found.mistakes[2].hint?.contains(".yaml") == true)
    #expect(reading(found, 3) == "3.yaml:2:1" && found.mistakes[3].message.contains("not valid UTF-8"))
    #expect(reading(found, 4) == "4.yaml:1:1" && found.mistakes[4].message == "the file is larger than 1000000 bytes")
    #expect(reading(found, 5) == "5.yaml:1:1" && found.mistakes[5].message.contains("may not be read"))
    #expect(reading(found, 6) == "6.yaml:1:1" && found.mistakes[6].message.contains("no regular file"))
    #expect(reading(found, 7) == "7.yaml:2:1" && found.mistakes[7].message.contains("a second YAML document"))
    #expect(found.mistakes.count == 8 && found.configuration == nil)
  }

  @Test func `a missing main file is a mistake, a missing or damaged folder of drop-ins its own`() {
    var files = FakeFiles()
    let missing = ConfigurationReader.read(main: mainFile, files: files)
    #expect(missing.mistakes.map(\.description) == ["\(mainFile):1:1: error: the file does not exist"])
    files.add(mainFile, "")
    #expect(ConfigurationReader.read(main: mainFile, files: files).configuration != nil)
    files.addFolder("/etc/certrotd/conf.d")
    files.damage("/etc/certrotd/conf.d", .notPermitted)
    let damaged = ConfigurationReader.read(main: mainFile, files: files)
    #expect(
      damaged.mistakes.map(\.description) == [
        "/etc/certrotd/conf.d:1:1: error: the folder may not be read by this account"
      ])
    #expect(damaged.files == [mainFile])
  }

  @Test func `a PSE that is adopted may be gone, and one that is there has to be readable for who checks`() {
    let place: FilePath = "/usr/sap/ABC/D00/sec/old.pse"
    func found(_ change: (inout FakeFiles) -> Void) -> [String] {
      mistakes("keystores: {a: {adopt: \(place), files: [{pse: {path: a}}]}}", change)
    }
    let faults: [(String, (inout FakeFiles) -> Void)] = [
      ("is no regular file", { $0.addFolder(place) }),
      (
        "may not be read",
        {
          $0.add(place)
          $0.damage(place, .notPermitted)
        }
      ),
    ]
    for (message, change) in faults {
      #expect(found(change).isEmpty, "the daemon goes on")
      let told = found {
        change(&$0)
        $0.expectedFilesMustBeReadable = true
      }
      #expect(told.count == 1 && told[0].hasPrefix("1:24: ") && told[0].contains(message), "\(told)")
    }
    #expect(found { $0.expectedFilesMustBeReadable = true } == [])
  }

  @Test(arguments: [
    "keystores: {a: {identity: {pem: {certificate: /x/c.pem, key: /x/k.pem}}, files: [{pse: {path: a}}]}}",
    "keystores: {a: {trust: {bundles: [/x/roots.pem]}, files: [{pse: {path: a}}]}}",
    "keystores: {a: {identity: {self-signed: {subject: CN=a}}, files: [{pfx: {path: a, password-credential: /x/p}}]}}",
    "keystores: {a: {identity: {self-signed: {subject: CN=a}}, files: [{pse: {path: /x/a.pse}}]}}",
    "service-keys: {a: {from: {file: /x/a.json}}}",
    "endpoints: {a: {url: a.example, anchors: {bundle: /x/roots.pem}}}",
  ])
  func `a configuration whose files are missing can be used without them`(yaml: String) {
    let found = read(yaml)
    #expect(!found.mistakes.isEmpty && found.configuration == nil)
    #expect(found.mistakes.allSatisfy { $0.isOfMissingFile }, "\(found.mistakes)")
    let usable = found.usable
    #expect((usable?.keystores.count ?? 0) + (usable?.serviceKeys.count ?? 0) + (usable?.endpoints.count ?? 0) == 1)
    #expect(read("\(yaml)\ndefaults: {timeout: soon}").usable == nil, "that is another mistake")
  }

  private func reading(_ reading: ConfigurationReading, _ index: Int) -> String {
    let mistake = reading.mistakes[index]
    return "\(mistake.file.lastComponent?.string ?? ""):\(mistake.line):\(mistake.column)"
  }
}
