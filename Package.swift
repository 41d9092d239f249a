// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// What every target is compiled with: language mode 6, each upcoming feature, no warning left standing.
let strictSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("ImmutableWeakCaptures"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let serviceLifecycleTestKit = Target.Dependency.product(
  name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let swiftASN1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// The runtime of Swift goes into the program, which is installed where there is no toolchain, and its file is laid out to
/// take less memory; `Documentation/performance.md` says how much.
///
/// Only the link differs from a build that is not static: so the rooms are compiled once for the program and for the tests.
/// The five libraries are what Foundation's archives need of each other. The toolchain's own linker lays the file out better
/// than the host's, and nobody loads the daemon as a library.
let staticLinking: [LinkerSetting] = [
  .unsafeFlags(
    [
      "-static-stdlib", "-l_FoundationICU", "-l_FoundationCShims", "-l_FoundationCollections", "-lCoreFoundation",
      "-lstdc++", "-use-ld=lld", "-Xlinker", "--no-export-dynamic",
    ], .when(platforms: [.linux], configuration: .release))
]

/// A room and its tests.
///
/// `Documentation/rooms.md` says what each may import; `scripts/check-rooms` compares.
func room(
  _ name: String, _ dependencies: [Target.Dependency], alsoInTests: [Target.Dependency] = [],
  fixtures: [String] = []
) -> [Target] {
  [
    .target(name: name, dependencies: dependencies),
    .testTarget(
      name: "\(name)Tests",
      dependencies: [.target(name: name), "TestSupport"] + dependencies + alsoInTests, exclude: fixtures),
  ]
}

let package = Package(
  name: "certrotd",
  products: [.executable(name: "certrotd", targets: ["certrotd"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    // System libraries: module maps and the few shims that macros and variadic functions need.
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
  ]
    // Rooms, in the order of Documentation/rooms.md.
    + room("Host", ["CLinux", systemPackage])
    + room("Certificates", [swiftASN1])
    + room("PSEFormat", ["Certificates", swiftASN1])
    + room("OpenSSLBridge", ["COpenSSL", "Certificates", "Host"], alsoInTests: [systemPackage])
    + room("ChainFetch", ["Certificates", "Host", "OpenSSLBridge"])
    + room("HTTPTransport", ["CCurl", "Certificates", "Host"])
    + room(
      "Keystores", ["Certificates", "Host", "OpenSSLBridge", "PSEFormat"], alsoInTests: [systemPackage],
      fixtures: ["Fixtures"])
    + room("ServiceKeys", ["Certificates", "HTTPTransport", "Host"], fixtures: ["Fixtures"])
    + room("Settings", ["Certificates", "Host", systemPackage, yams])
    + room("Planning", ["Certificates", "Settings"], alsoInTests: [systemPackage])
    + room("Ledger", ["Certificates", "Host", "OpenSSLBridge", grdb, systemPackage])
    + room("Delivery", ["Certificates", "Host", subprocess, systemPackage])
    + room("Control", ["Host", systemPackage])
    + room("Journal", ["CSystemd", "Host", logging], alsoInTests: [subprocess, systemPackage])
    + room(
      "Rotation",
      [
        "Certificates", "ChainFetch", "Control", "Delivery", "HTTPTransport", "Host", "Journal", "Keystores", "Ledger",
        "OpenSSLBridge", "PSEFormat", "Planning", "ServiceKeys", "Settings", logging, serviceLifecycle, systemPackage,
        unixSignals,
      ], alsoInTests: ["Simulation", grdb, serviceLifecycleTestKit])
    + room(
      "CommandLine",
      [
        "Certificates", "ChainFetch", "Control", "Delivery", "HTTPTransport", "Host", "Journal", "Keystores", "Ledger",
        "OpenSSLBridge", "PSEFormat", "Planning", "Rotation", "ServiceKeys", "Settings", argumentParser, logging,
        systemPackage,
      ], alsoInTests: [swiftASN1])
    + [
      .executableTarget(name: "certrotd", dependencies: ["CommandLine"], linkerSettings: staticLinking),
      // TLS peers on loopback, temporary folders, a manual clock: only tests import it.
      .target(
        name: "TestSupport",
        dependencies: ["COpenSSL", "Certificates", "Host", "OpenSSLBridge", subprocess, systemPackage]),
    ]
    // The readers of what others make, for `scripts/fuzz` and a short pass in the tests.
    + room(
      "FuzzTargets",
      ["Certificates", "Host", "Keystores", "OpenSSLBridge", "PSEFormat", "ServiceKeys", "Settings", systemPackage])
    // Years in minutes, for `scripts/simulate`; a short life in the tests.
    + room(
      "Simulation",
      [
        "Certificates", "ChainFetch", "HTTPTransport", "Host", "Journal", "Ledger", "OpenSSLBridge", "Planning",
        "Rotation", "ServiceKeys", "Settings", logging, systemPackage,
      ])
    + [.executableTarget(name: "simulate", dependencies: ["Simulation", argumentParser, systemPackage])],
  swiftLanguageModes: [.v6]
)

// Only with libFuzzer, which brings `main`, does this link: `scripts/fuzz` sets the variable.
if Context.environment["CERTROTD_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzzer", dependencies: ["FuzzTargets"], swiftSettings: [.unsafeFlags(["-parse-as-library"])]))
}

for target in package.targets where [.regular, .executable, .test].contains(target.type) {
  target.swiftSettings = (target.swiftSettings ?? []) + strictSettings
  // `scripts/test` runs what is installed: the optimised rooms. To optimise the tests as well takes longer than it saves.
  if target.type == .test {
    target.swiftSettings?.append(.unsafeFlags(["-Onone"], .when(configuration: .release)))
  }
}
