#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The server moves to another CA: the keystore trusts the new one too, and keeps the old one for the overlap.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"
. "$(dirname "$0")/lib/tls.sh"

folder=$(current client)
before=$(readlink "$folder")
mark
stop_tls main
serve_tls main 4433 server-b issuer-b
wait_for_event endpoint.chain-changed 30 CERTROTD_ENDPOINT=main
expect_equal CERTROTD_FINGERPRINT "$(field CERTROTD_FINGERPRINT)" \
  "$(openssl x509 -in "$PKI/server-b.pem" -outform DER | sha256sum | cut -d' ' -f1)"
wait_for_event keystore.written 30 CERTROTD_KEYSTORE=client
[[ $(readlink "$folder") != "$before" ]] || fail 'the link still leads to the generation before'
[[ -d ${folder%/*}/$before ]] || fail 'the generation before is gone'
accepts "$folder/list" 4433 || fail "the trust list does not accept the server: $(cat "$PKI/accepts.txt")"
openssl verify -CAfile <(cat "$folder"/list/*) -no-CApath -no-CAstore "$PKI/server-a.pem" ||
  fail 'the old chain is not trusted any more, within the overlap'
