// SPDX-License-Identifier: Apache-2.0

import Host
import Keystores
import SystemPackage
import TestSupport

/// A program that behaves as SAP's tool is known to, its bad manners included, and fails as it is told.
///
/// It copies files that the test has made where the tool would make them; whether it was given what it needs for that, it
/// finds out with openssl.
struct SapgenpseStandIn: Sendable {
  enum Behaviour: String, CaseIterable, Sendable {
    case good, waits, silent, crashes, broken, echoes
    case wrongPIN = "wrong-pin"
    case wrongPINWithoutStatus = "wrong-pin-0"
    case noFile = "no-file"
    case otherIdentity = "other-identity"
    case losesTrust = "loses-trust"
  }

  let folder: TemporaryFolder
  var program: FilePath { folder.file("sapgenpse") }

  /// - Parameters:
  ///   - imported: the PSE that `import_p12` makes.
  ///   - complete: what `maintain_pk` makes of it.
  ///   - other: a PSE with another identity.
  /// - Throws: `SystemError` when its folder cannot be made.
  init(imported: SecretBytes, complete: SecretBytes, other: SecretBytes) throws {
    folder = try TemporaryFolder()
    let files = HostFiles()
    for (name, bytes) in [("imported.pse", imported), ("complete.pse", complete), ("other.pse", other)] {
      try files.createFile(at: folder.file(name), mode: .ownerReadWrite, contents: bytes)
    }
    try files.createFile(
      at: program, mode: .ownerReadWriteExecute, contents: SecretBytes(copying: Self.script.utf8))
    try behave(.good)
  }

  func behave(_ behaviour: Behaviour) throws { try folder.write("behaviour", behaviour.rawValue) }

  /// The commands so far, one a line, as everybody on the host could see them.
  var calls: [String] { get throws { try folder.read("calls").split(separator: "\n").map(String.init) } }

  private static let script = #"""
    #!/bin/sh
    here=$(dirname "$0")
    echo "$*" >>"$here/calls"
    [ "$LD_LIBRARY_PATH" = "$here" ] && [ -d "$SECUDIR" ] || { echo "bad environment" >&2; exit 9; }
    command=$1; shift
    case $(cat "$here/behaviour") in
      waits) read -r answer; sleep 600 ;;
      silent) exit 1 ;;
      echoes) read -r answer; echo "Please enter PIN: got $answer"; exit 1 ;;
      crashes) kill -SEGV $$ ;;
      wrong-pin) echo "ERROR in opening PSE (Wrong PIN/Passphrase)" >&2; exit 1 ;;
      wrong-pin-0) echo "ERROR in opening PSE (Wrong PIN/Passphrase)" >&2; exit 0 ;;
      no-file) exit 0 ;;
    esac
    while getopts p:x:z:m:O:y option; do
      case $option in
        p) pse=$OPTARG ;; x) pin=${OPTARG-}; is_given=yes ;; z) password=$OPTARG ;; m) list=$OPTARG ;;
        O) user=$OPTARG ;; y) ;; *) exit 2 ;;
      esac
    done
    shift $((OPTIND - 1))
    if [ -z "$is_given" ]; then printf 'Please enter PIN: '; read -r pin || exit 3; fi
    case $command in
      import_p12)
        case $1 in *.p12) p12=$1 ;; *) p12=$1.p12 ;; esac
        [ -e "$pse" ] && { echo "$pse exists already"; exit 1; }
        openssl pkcs12 -legacy -in "$p12" -passin "pass:$password" -nodes -out "$SECUDIR/seen.pem" || exit 4
        grep -q 'PRIVATE KEY' "$SECUDIR/seen.pem" || exit 5
        case $(cat "$here/behaviour") in
          broken) echo nonsense >"$pse" ;;
          other-identity) cp "$here/other.pse" "$pse" ;;
          *) cp "$here/imported.pse" "$pse" ;;
        esac ;;
      maintain_pk)
        grep -c 'BEGIN CERTIFICATE' "$list" >"$here/trusted" || exit 6
        [ "$(cat "$here/behaviour")" = good ] || exit 0
        cat "$here/complete.pse" >"$pse" ;;
      seclogin)
        [ -e "$pse" ] || exit 7
        [ "$pin" = "$(cat "$here/pin")" ] || { echo "(Wrong PIN/Passphrase)"; exit 1; }
        echo "$user" >>"$SECUDIR/cred_v2" ;;
      *) exit 8 ;;
    esac
    """#
}
