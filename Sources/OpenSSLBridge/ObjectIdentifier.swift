// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// OpenSSL's numbers for object identifiers.
enum ObjectIdentifier {
  /// The dotted form of a number from OpenSSL's table, such as "1.3.101.112".
  static func dotted(_ nid: CInt) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 80) { buffer in
      let found = OpenSSLCall.observed {
        unsafe OBJ_obj2txt(buffer.baseAddress, CInt(buffer.count), OBJ_nid2obj(nid), 1)
      }
      guard found.result > 0, let start = buffer.baseAddress else { return "unknown" }
      return unsafe String(cString: start)
    }
  }
}
