// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// Looks whether what was delivered still does, whenever its bell rings: after the start and after each reload, beside
/// everything else, since it takes a moment for each file and endpoint.
///
/// Files have the passwords of their credentials, and trust lists verify their endpoints.
struct DeliveredReview: Service {
  let passwords: PasswordReviewer
  let reviewer: TrustReviewer
  let bell: Bell

  func run() async throws {
    for await _ in bell.rings.cancelOnGracefulShutdown() {
      try await passwords.review()
      try await reviewer.review()
    }
  }
}
