// SPDX-License-Identifier: Apache-2.0

import CCurl
import Host
import Synchronization

/// The one thread on which libcurl runs, for any number of requests at a time (libcurl-multi(3)).
@safe
final class TransferLoop: Sendable {
  // All but curl_multi_wakeup(3), which any thread may call, is called on the loop's thread only; that thread holds this
  // object, so that the handle is freed after it has ended.
  nonisolated(unsafe) private let multi: UnsafeMutableRawPointer
  private let inbox = Mutex(Inbox())

  private struct Inbox {
    var submissions: [Submission] = []
    var isClosing = false
  }

  /// A request on its way to the loop.
  struct Submission: Sendable {
    let request: HTTPRequest
    let ticket: Ticket
    let answer: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>
  }

  /// A request that libcurl has, found by its handle's address.
  private struct Running {
    let transfer: Transfer
    let submission: Submission
  }

  /// The caller's end of a request.
  final class Ticket: Sendable {
    let isCancelled = Atomic(false)
  }

  private let systemStore: String?

  private init(takingOwnershipOf multi: UnsafeMutableRawPointer, systemStore: String?) {
    unsafe self.multi = multi
    self.systemStore = systemStore
  }

  /// Starts the thread, which runs until `shutDown`.
  static func start(connections: Int, systemStore: String?) throws(HTTPFailure) -> TransferLoop {
    guard Self.isReady, let multi = unsafe curl_multi_init() else {
      throw .unexpected(detail: "libcurl cannot be initialised")
    }
    // What exceeds it waits within libcurl, its deadline counting.
    unsafe CCurl_multi_setopt_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections)
    let loop = unsafe TransferLoop(takingOwnershipOf: multi, systemStore: systemStore)
    do {
      try WorkerThread(name: "http") { loop.run() }.detach()
    } catch {
      throw .unexpected(detail: "\(error)")
    }
    return loop
  }

  deinit { unsafe curl_multi_cleanup(multi) }

  /// Hands a request over; it is always answered, also after `shutDown`.
  func submit(_ submission: Submission) {
    let isClosing = inbox.withLock { inbox in
      if !inbox.isClosing { inbox.submissions.append(submission) }
      return inbox.isClosing
    }
    if isClosing { submission.answer.resume(returning: .failure(.shutDown)) } else { wake() }
  }

  func cancel(_ ticket: Ticket) {
    ticket.isCancelled.store(true, ordering: .releasing)
    wake()
  }

  /// Answers everything that is under way with `shutDown`, and ends the thread.
  func shutDown() {
    inbox.withLock { $0.isClosing = true }
    wake()
  }

  private func wake() { unsafe curl_multi_wakeup(multi) }

  private func run() {
    var running: [UInt: Running] = [:]
    while true {
      let (submissions, isClosing) = inbox.withLock { inbox in
        defer { inbox.submissions = [] }
        return (inbox.submissions, inbox.isClosing)
      }
      for submission in submissions { begin(submission, &running) }
      let given = running.filter { isClosing || $0.value.submission.ticket.isCancelled.load(ordering: .acquiring) }
      for handle in given.keys {
        end(handle, &running) { _ in .failure(isClosing ? .shutDown : .cancelled) }
      }
      if isClosing { return }
      for item in running.values { item.transfer.beginTurn() }
      var count: Int32 = 0
      var code = unsafe curl_multi_perform(multi, &count)
      collect(&running)
      if code == CURLM_OK { code = unsafe curl_multi_poll(multi, nil, 0, Self.longestSleep, nil) }
      guard code == CURLM_OK else {
        // Nothing can be known of what is under way; the next request begins afresh.
        let detail = unsafe String(cString: curl_multi_strerror(code))
        for handle in Array(running.keys) {
          end(handle, &running) { _ in .failure(.unexpected(detail: detail)) }
        }
        continue
      }
    }
  }

  private func begin(
    _ submission: Submission,
    _ running: inout [UInt: Running]
  ) {
    do throws(HTTPFailure) {
      let transfer = try Transfer(submission.request, systemStore: systemStore)
      let code = unsafe curl_multi_add_handle(multi, transfer.easy.pointer)
      guard code == CURLM_OK else {
        throw .unexpected(detail: unsafe String(cString: curl_multi_strerror(code)))
      }
      running[transfer.easy.address] = Running(transfer: transfer, submission: submission)
    } catch {
      submission.answer.resume(returning: .failure(error))
    }
  }

  /// Answers what libcurl has finished.
  private func collect(_ running: inout [UInt: Running]) {
    var left: Int32 = 0
    while let message = unsafe curl_multi_info_read(multi, &left) {
      guard unsafe message.pointee.msg == CURLMSG_DONE, let handle = unsafe message.pointee.easy_handle else {
        continue
      }
      // The message is gone once its handle is removed.
      let code = unsafe message.pointee.data.result
      end(UInt(bitPattern: handle), &running) { $0.outcome(code) }
    }
  }

  private func end(
    _ handle: UInt,
    _ running: inout [UInt: Running],
    with outcome: (Transfer) -> Result<HTTPResponse, HTTPFailure>
  ) {
    guard let ended = running.removeValue(forKey: handle) else { return }
    unsafe curl_multi_remove_handle(multi, ended.transfer.easy.pointer)
    ended.submission.answer.resume(returning: outcome(ended.transfer))
  }

  /// libcurl is initialised once for the process (curl_global_init(3)).
  private static let isReady = CCurl_global_init() == CURLE_OK

  /// Milliseconds; libcurl sleeps less when it has a deadline, and wakes when it is told to.
  private static let longestSleep: Int32 = 60_000
}
