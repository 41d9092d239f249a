// SPDX-License-Identifier: Apache-2.0

import Host
import OpenSSLBridge
import Synchronization

/// A thread that drives any number of probes, each until it has finished, timed out or was cancelled.
///
/// Other threads hand over work through a locked inbox and wake the thread; everything else belongs to it alone.
final class EventLoop: Sendable {
  enum Message: Sendable {
    case begin(ProbeJob)
    case cancel(id: UInt64)
    case lookedUp(id: UInt64, Resolver.Answer)
    case ping(@Sendable () -> Void)
  }

  private struct Inbox {
    var messages: [Message] = []
    /// Why nothing is taken any more.
    var ending: ProbeFailure.Kind?
  }

  private let poller: Poller
  private let inbox = Mutex(Inbox())
  private let thread: Mutex<WorkerThread?>

  /// - Throws: `SystemError` when the host gives no more threads or descriptors.
  init(number: Int, policy: TLSPolicy, resolver: Resolver) throws(SystemError) {
    poller = try Poller()
    thread = Mutex(nil)
    let started = try WorkerThread(name: "probe-\(number)") { [self] in
      let table = ProbeTable(loop: self, poller: poller, policy: policy, resolver: resolver)
      run(table)
    }
    thread.withLock { $0 = started }
  }

  /// Hands a message over; for a loop that has ended, the reason why, and then the message is not looked at.
  func send(_ message: Message) -> ProbeFailure.Kind? {
    let (ending, isFirst) = inbox.withLock { inbox in
      guard inbox.ending == nil else { return (inbox.ending, false) }
      inbox.messages.append(message)
      return (nil, inbox.messages.count == 1)
    }
    // Whoever wakes a loop that has messages already wakes it for nothing.
    if isFirst { poller.wake() }
    return ending
  }

  /// Cancels every probe and waits for the thread to end.
  func shutDown() {
    inbox.withLock { $0.ending = $0.ending ?? .cancelled }
    poller.wake()
    let thread = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    thread?.join()
  }

  private func run(_ table: ProbeTable) {
    var events: [Poller.Event] = []
    while true {
      let (messages, ending) = inbox.withLock { inbox in
        defer { inbox.messages.removeAll() }
        return (inbox.messages, inbox.ending)
      }
      for message in messages { table.take(message) }
      if let ending { return table.end(ending) }
      do throws(SystemError) {
        try poller.wait(into: &events, timeout: table.timeUntilDeadline)
      } catch {
        // No probe can go on without it; whoever asks next is told the same.
        inbox.withLock { $0.ending = .local(error.description) }
        continue
      }
      for event in events { table.take(event) }
      table.timePassed()
    }
  }
}

/// One probe as it is handed to an ``EventLoop``.
struct ProbeJob: Sendable {
  let id: UInt64
  let plan: ProbePlan
  /// Called exactly once, on the loop's thread: it must not block.
  let completion: @Sendable (ProbeReport) -> Void
}

/// What a probe is to do.
struct ProbePlan: Sendable {
  var start: ProbeMachine.Start
  var goal: ProbeMachine.Goal
  var server: HostPort
  var serverName: String?
  var proxy: ProxySettings?
  var deadlines: ProbeDeadlines
}

/// What a probe found, unparsed.
struct ProbeReport: Sendable {
  let server: HostPort
  let proxy: HostPort?
  var addresses: [SocketAddress] = []
  var address: SocketAddress?
  /// DER, as the server sent them.
  var certificates: [[UInt8]] = []
  var protocolVersion: String?
  var failure: ProbeFailure?
  var timings = ProbeTimings()
}
