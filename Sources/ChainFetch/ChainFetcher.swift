// SPDX-License-Identifier: Apache-2.0

package import Host
import OpenSSLBridge
import Synchronization

/// Connects to TLS servers, shakes hands and returns the chains they send, or who is at fault.
///
/// Any number of tasks may ask at once; how many probes run is bounded. Nothing is verified here, and nothing of a
/// server's data is kept but its certificates. A fetcher that is not needed any more must be shut down.
package final class ChainFetcher: ChainSource {
  private let loops: [EventLoop]
  private let admission: Admission
  private let nextID = Atomic<UInt64>(0)
  private let addressLimit = 16
  private let reading = ChainReading()

  /// Starts the threads.
  ///
  /// - Parameters:
  ///   - concurrency: How many probes run at a time.
  ///   - perHost: How many of them may go to one host.
  ///   - loops: How many threads drive them; `nil`: one per core.
  ///   - lookupThreads: How many name look-ups run at a time.
  ///   - lookup: Looks a name up; may block for as long as it likes.
  /// - Throws: `OpenSSLError` or `SystemError` when the host cannot provide what is needed.
  package init(
    concurrency: Int = 256, perHost: Int = 4, loops: Int? = nil, lookupThreads: Int = 8,
    lookup: @escaping @Sendable (HostPort) -> Result<[SocketAddress], NameLookupError> = ChainFetcher.hostLookup
  ) throws {
    let policy = try TLSPolicy()
    let resolver = Resolver(threadLimit: lookupThreads, lookup: lookup)
    var started: [EventLoop] = []
    do {
      for number in 0..<max(1, loops ?? HostProcessors.count) {
        started.append(try EventLoop(number: number, policy: policy, resolver: resolver))
      }
    } catch {
      for loop in started { loop.shutDown() }
      throw error
    }
    self.loops = started
    admission = Admission(limit: concurrency, limitPerHost: perHost)
  }

  /// The look-up of the host itself.
  package static let hostLookup: @Sendable (HostPort) -> Result<[SocketAddress], NameLookupError> = { name in
    Result { () throws(NameLookupError) in try NameLookup.addresses(host: name.host, port: name.port) }
  }

  /// Asks a server for its chain.
  ///
  /// Waits for its turn, then takes at most `target.deadlines.whole` per address. Cancelling the task closes the
  /// connection at once; the result then says so.
  package func probe(_ target: ProbeTarget) async -> ProbeResult {
    let dialled = target.proxy?.address ?? target.destination
    var plan = ProbePlan(
      start: .name(dialled), goal: .chain, server: target.destination, serverName: target.indicatedName,
      proxy: target.proxy, deadlines: target.deadlines)
    // Addresses never go near a resolver.
    if let address = SocketAddress(literal: dialled.host, port: dialled.port) {
      plan.start = .addresses([address])
    } else if target.everyAddress, target.proxy == nil {
      return await probeEveryAddress(plan)
    }
    return ProbeResult(reading.answer(await run(plan)))
  }

  /// Returns once every loop has turned, true if they all still do: proof of progress for a watchdog.
  package func heartbeat() async -> Bool {
    var isAlive = true
    for loop in loops {
      let answered = await withCheckedContinuation { continuation in
        if loop.send(.ping { continuation.resume(returning: true) }) != nil { continuation.resume(returning: false) }
      }
      isAlive = isAlive && answered
    }
    return isAlive
  }

  /// Cancels all probes and ends the threads; look-ups that hang are left behind.
  package func shutDown() {
    for loop in loops { loop.shutDown() }
  }

  private func probeEveryAddress(_ plan: ProbePlan) async -> ProbeResult {
    var lookup = plan
    lookup.goal = .addresses
    let report = await run(lookup)
    if let failure = report.failure { return ProbeResult(answers: [], failure: failure) }
    let addresses = Array(report.addresses.prefix(addressLimit))
    let answers = await withTaskGroup(of: (Int, AddressAnswer).self) { group in
      for (index, address) in addresses.enumerated() {
        var single = plan
        single.start = .addresses([address])
        let plan = single
        group.addTask { (index, self.reading.answer(await self.run(plan))) }
      }
      var answers: [Int: AddressAnswer] = [:]
      for await (index, answer) in group { answers[index] = answer }
      return addresses.indices.compactMap { answers[$0] }
    }
    return ProbeResult(
      answers: answers, failure: answers.lazy.compactMap(\.failure).first,
      addressesLeftOut: report.addresses.count - addresses.count)
  }

  /// Runs one plan when its turn has come.
  private func run(_ plan: ProbePlan) async -> ProbeReport {
    let host = plan.server.host.lowercased()
    guard await admission.enter(host: host) else { return Self.report(.cancelled, plan) }
    defer { admission.leave(host: host) }
    let id = nextID.add(1, ordering: .relaxed).newValue
    let loop = loops[Int(id % UInt64(loops.count))]
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let job = ProbeJob(id: id, plan: plan) { continuation.resume(returning: $0) }
        if let ending = loop.send(.begin(job)) {
          continuation.resume(returning: Self.report(ending, plan))
        } else if Task.isCancelled {
          // The handler may have run before the job was handed over.
          _ = loop.send(.cancel(id: id))
        }
      }
    } onCancel: {
      _ = loop.send(.cancel(id: id))
    }
  }

  private static func report(_ kind: ProbeFailure.Kind, _ plan: ProbePlan) -> ProbeReport {
    var report = ProbeReport(server: plan.server, proxy: plan.proxy?.address)
    report.failure = ProbeFailure(kind: kind, phase: .lookup, server: plan.server, proxy: plan.proxy?.address)
    return report
  }
}
