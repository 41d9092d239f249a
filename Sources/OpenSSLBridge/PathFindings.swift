// SPDX-License-Identifier: Apache-2.0

import Certificates

/// What one or more verifications found: a path, or complaints.
struct PathFindings {
  var path: CertificatePath?
  var complaints: [CertificateComplaint]
}
