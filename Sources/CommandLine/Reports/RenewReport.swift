// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Planning

/// What `certrotd renew` shows at its end.
struct RenewReport: Output.Displayable {
  let result: String
  let message: String
  let nextAttempt: Date?
  let steps: [ControlStep]

  private enum CodingKeys: String, CodingKey {
    case result, message, steps
    case nextAttempt = "next-attempt"
  }

  init(_ outcome: ControlOutcome, _ steps: [ControlStep]) {
    result = outcome.result.rawValue
    message = outcome.message
    nextAttempt = outcome.nextAttempt
    self.steps = steps
  }

  var text: String {
    let next = nextAttempt.map { "\nnext attempt: \(TimeText.instant($0))" } ?? ""
    return "\(result): \(message)\(result == ControlOutcome.Result.failed.rawValue ? next : "")"
  }
}
