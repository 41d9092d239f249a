// SPDX-License-Identifier: Apache-2.0

import Journal
import Synchronization
import Testing

/// Keeps the events that were raised, and holds each to what the catalogue promises.
final class EventRecorder: Sendable {
  private let raised = Mutex<[Events.Raised]>([])

  var events: Events {
    Events { [self] event, _ in
      expectCatalogued(event)
      raised.withLock { $0.append(event) }
    }
  }

  /// What was raised since the last call, in order.
  func take() -> [Events.Raised] {
    raised.withLock { raised in
      defer { raised = [] }
      return raised
    }
  }

  /// Those of one name of what was raised since the last call, in order; the others are taken too.
  func take(_ event: Event) -> [Events.Raised] { take().filter { $0.event == event } }

  /// The names of what was raised since the last call.
  func takeNames() -> [Event] { take().map(\.event) }
}

/// The event carries all fields that `Documentation/events.md` promises for it, and no other, each with something to say
/// and, like the message, without a full stop.
func expectCatalogued(_ event: Events.Raised, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(
    event.missingFields.isEmpty && event.undeclaredFields.isEmpty, "\(event.event): \(event.fields)",
    sourceLocation: sourceLocation)
  for text in [event.message] + event.fields.values {
    #expect(!text.isEmpty && !text.hasSuffix("."), "\(event.event): \(text)", sourceLocation: sourceLocation)
  }
}
