#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The test's own servers do what later steps rely on: they send the chain that they were given.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"
. "$(dirname "$0")/lib/tls.sh"

make_root trial-root
make_issuer trial-issuer trial-root
make_server trial-server trial-issuer
serve_tls trial 4999 trial-server trial-issuer
openssl s_client -connect 127.0.0.1:4999 -servername localhost -CAfile "$PKI/trial-root.pem" -verify_return_error \
  -showcerts </dev/null >/run/trial.txt 2>&1 || fail "the chain does not verify: $(cat /run/trial.txt)"
expect_equal 'the number of certificates sent' "$(grep --count 'BEGIN CERTIFICATE' /run/trial.txt)" 2
stop_tls trial
