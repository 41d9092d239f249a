// SPDX-License-Identifier: Apache-2.0

package import Logging

/// Raises events: the one way by which the rest of certrotd tells an operator of something that he may act on.
package struct Events: Sendable {
  /// An event as it was raised, with what it says about this occurrence.
  package struct Raised: Sendable, Equatable {
    package let event: Event
    package let message: String
    package let fields: [EventField: String]

    package init(_ event: Event, message: String, fields: [EventField: String]) {
      self.event = event
      self.message = message
      self.fields = fields
    }

    /// The fields that the catalogue promises for this event and that it does not carry.
    package var missingFields: Set<EventField> {
      event.fields.subtracting(fields.keys)
    }

    /// The fields that it carries though the catalogue does not name them.
    package var undeclaredFields: Set<EventField> {
      Set(fields.keys).subtracting(event.fields).subtracting(event.optionalFields)
    }
  }

  /// Where in the source an event was raised; the journal keeps it as `CODE_FILE`, `CODE_FUNC` and `CODE_LINE`.
  package struct Origin: Sendable {
    package let file: String
    package let function: String
    package let line: UInt
  }

  private let deliver: @Sendable (Raised, Origin) -> Void

  /// Events that go to `logger`, whatever its level is set to.
  package init(logger: Logger) {
    var logger = logger
    logger.logLevel = min(logger.logLevel, .info)
    deliver = { [logger] raised, origin in
      logger.log(
        level: raised.event.priority.logLevel, "\(raised.message)", metadata: raised.metadata,
        file: origin.file, function: origin.function, line: origin.line)
    }
  }

  /// Events that go to `deliver`, such as a test's recorder.
  package init(deliver: @escaping @Sendable (Raised, Origin) -> Void) {
    self.deliver = deliver
  }

  /// Raises `event` once.
  ///
  /// - Parameters:
  ///   - event: which one; its name, `MESSAGE_ID` and priority go along.
  ///   - message: one sentence for an operator: which object, what happened, why, what follows.
  ///   - fields: the facts, for programs. Secrets never belong here.
  ///   - file: where it was raised.
  ///   - function: in which function.
  ///   - line: in which line.
  package func raise(
    _ event: Event, message: String, fields: [EventField: String] = [:],
    file: String = #fileID, function: String = #function, line: UInt = #line
  ) {
    deliver(
      Raised(event, message: message, fields: fields), Origin(file: file, function: function, line: line))
  }
}

extension Events.Raised {
  /// The key under which log metadata carries the event itself; handlers know it by the value's type.
  static let eventKey = "event"

  var metadata: Logger.Metadata {
    var metadata: Logger.Metadata = [Self.eventKey: .stringConvertible(event)]
    for (field, value) in fields {
      metadata[field.rawValue] = .string(value)
    }
    return metadata
  }
}
