#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A reload with a mistake keeps the old configuration in force; the mistake is told with its place.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"

before=$(property MainPID)
configure broken <<'EOF'
endpoints:
  other: {urll: 127.0.0.1:4434}
EOF
if certrotd check-config >/run/mistakes.txt 2>&1; then
  fail 'check-config accepts a misspelt key'
fi
expect_contains 'check-config' "$(cat /run/mistakes.txt)" '/etc/certrotd/conf.d/broken.yaml:2:'
expect_contains 'check-config' "$(cat /run/mistakes.txt)" urll

mark
systemctl reload certrotd.service
wait_for_event config.rejected 20
expect_equal PRIORITY "$(field PRIORITY)" 3
expect_equal CERTROTD_CULPRIT "$(field CERTROTD_CULPRIT)" configuration
expect_contains CERTROTD_REASON "$(field CERTROTD_REASON)" broken.yaml:2:
expect_equal MainPID "$(property MainPID)" "$before"
expect_equal ActiveState "$(property ActiveState)" active

rm /etc/certrotd/conf.d/broken.yaml
reload
expect_equal MainPID "$(property MainPID)" "$before"
