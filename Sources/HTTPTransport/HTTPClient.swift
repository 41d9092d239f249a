// SPDX-License-Identifier: Apache-2.0

/// Sends requests over libcurl; one for the whole process is enough.
///
/// The server is always verified, TLS is 1.2 at least, neither cookies nor the environment's proxies are used, and nothing
/// of a request is ever printed.
package final class HTTPClient: Sendable {
  private let loop: TransferLoop

  /// Starts the client's thread.
  ///
  /// - Parameters:
  ///   - connections: how many requests may be under way at a time; further ones wait, their deadline counting.
  ///   - systemStore: the file that `HTTPTrust.system` stands for; nil for the distribution's own.
  /// - Throws: `unexpected` when the host gives no thread.
  package init(connections: Int = 32, systemStore: String? = nil) throws(HTTPFailure) {
    loop = try TransferLoop.start(connections: connections, systemStore: systemStore)
  }

  deinit { loop.shutDown() }

  /// Sends one request and gathers its response, whatever its status.
  ///
  /// Ends within the request's deadline, and at once when the task is cancelled.
  package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    let ticket = TransferLoop.Ticket()
    let outcome: Result<HTTPResponse, HTTPFailure> = await withTaskCancellationHandler {
      await withCheckedContinuation { answer in
        loop.submit(TransferLoop.Submission(request: request, ticket: ticket, answer: answer))
      }
    } onCancel: {
      loop.cancel(ticket)
    }
    return try outcome.get()
  }

  /// Gives up what is under way and ends the thread; every later request fails.
  package func shutDown() { loop.shutDown() }
}
