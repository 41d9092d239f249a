#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A server that is gone is told of once, and once more when it is back.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"
. "$(dirname "$0")/lib/tls.sh"

configure flaky <<'EOF'
endpoints:
  flaky: {url: "127.0.0.1:4435", server-name: localhost, anchors: {bundle: /etc/certrotd/roots.pem}, refetch-every: 10s}
EOF
mark
reload
wait_for_event endpoint.unreachable 30 CERTROTD_ENDPOINT=flaky
expect_equal PRIORITY "$(field PRIORITY)" 4
expect_equal CERTROTD_CULPRIT "$(field CERTROTD_CULPRIT)" server
[[ -n $(field CERTROTD_REASON) ]] || fail 'there is no reason'
serve_tls flaky 4435 server-a issuer-a
wait_for_event endpoint.recovered 120 CERTROTD_ENDPOINT=flaky
expect_equal 'how often it was told of' "$(count_events endpoint.unreachable CERTROTD_ENDPOINT=flaky)" 1
