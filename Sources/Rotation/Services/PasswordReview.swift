// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// Looks whether delivered files still have the passwords of their credentials, whenever its bell rings: after the start and
/// after each reload, beside everything else, since it takes a moment for each file.
struct PasswordReview: Service {
  let refresher: FileRefresher
  let bell: Bell

  func run() async throws {
    for await _ in bell.rings.cancelOnGracefulShutdown() { await refresher.reviewPasswords() }
  }
}
