// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// 2024-02-29 23:59:58 UTC.
let aTime = Date(timeIntervalSince1970: 1_709_251_198)
