#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A server certificate that crosses a mark of alert-before raises an alert, once, and at that time.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"
. "$(dirname "$0")/lib/tls.sh"

# Nine days in all, so that a mark of two days lies under a third of its life.
make_aged_server server-short issuer-a 7 2
serve_tls short 4436 server-short issuer-a
# Crossed fifteen seconds after the certificate was made.
configure short <<'EOF'
defaults: {alert-before: [172785s]}
endpoints:
  short: {url: "127.0.0.1:4436", server-name: localhost, anchors: {bundle: /etc/certrotd/roots.pem}, refetch-every: 10s}
EOF
mark
reload
wait_for_event certificate.expiring 30 CERTROTD_ENDPOINT=short
expect_equal PRIORITY "$(field PRIORITY)" 4
end=$(openssl x509 -in "$PKI/server-short.pem" -noout -enddate | cut -d= -f2)
expect_equal CERTROTD_NOT_AFTER "$(field CERTROTD_NOT_AFTER)" "$(date --utc --date="$end" +%Y-%m-%dT%H:%M:%SZ)"
remaining=$(field CERTROTD_REMAINING)
((remaining > 172700 && remaining <= 172785)) || fail "CERTROTD_REMAINING is $remaining"
reload
expect_equal 'how often it was told of' "$(count_events certificate.expiring CERTROTD_ENDPOINT=short)" 1
