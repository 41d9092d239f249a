#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A chain that ends in no trust anchor is told of and enters no keystore.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"
. "$(dirname "$0")/lib/tls.sh"

make_root stranger
make_server server-s stranger
before=$(readlink "$(current client)")
mark
stop_tls main
serve_tls main 4433 server-s stranger
wait_for_event endpoint.untrusted 30 CERTROTD_ENDPOINT=main
expect_equal PRIORITY "$(field PRIORITY)" 3
stop_tls main
serve_tls main 4433 server-b issuer-b
wait_for_event endpoint.recovered 120 CERTROTD_ENDPOINT=main
expect_equal 'the generation' "$(readlink "$(current client)")" "$before"
