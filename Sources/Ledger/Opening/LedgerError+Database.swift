// SPDX-License-Identifier: Apache-2.0

import GRDB
import Host
import SystemPackage

extension LedgerError {
  /// Sorts a failure of a database operation by who has to act.
  ///
  /// Result codes: <https://www.sqlite.org/rescode.html>. Bound values never enter the text.
  init(_ error: any Error, ledger: FilePath) {
    switch error {
    case let error as LedgerError: self = error
    case let error as DatabaseError: self.init(database: error, ledger: ledger)
    case let error as RowDecodingError: self = .damaged(ledger: ledger, detail: "\(error)")
    default: self = .misused(ledger: ledger, detail: "\(error)")
    }
  }

  private init(database error: DatabaseError, ledger: FilePath) {
    let detail = "\(error.message ?? "no message"), SQLite code \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL: self = .busy(ledger: ledger)
    case .SQLITE_FULL: self = .full(ledger: ledger)
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(ledger: ledger, detail: detail)
    case .SQLITE_READONLY: self = .readOnly(ledger: ledger)
    case .SQLITE_PERM, .SQLITE_AUTH: self = .notPermitted(ledger: ledger, detail: detail)
    case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_NOMEM, .SQLITE_NOLFS:
      self = .inputOutput(ledger: ledger, detail: detail)
    default: self = .misused(ledger: ledger, detail: detail)
    }
  }
}

extension LedgerError {
  /// Sorts a failure of the file system by who has to act.
  init(system error: SystemError, ledger: FilePath) {
    switch error.errno {
    case .permissionDenied, .notPermitted: self = .notPermitted(ledger: ledger, detail: "\(error)")
    case .noSpace, .diskQuotaExceeded, .fileTooLarge: self = .full(ledger: ledger)
    case .readOnlyFileSystem: self = .readOnly(ledger: ledger)
    default: self = .inputOutput(ledger: ledger, detail: "\(error)")
    }
  }
}
