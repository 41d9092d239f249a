#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon ends within five seconds, cleanly, and says so; what it keeps stays.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"

mark
began=$(date +%s%N)
systemctl stop certrotd.service
took=$((($(date +%s%N) - began) / 1000000))
((took <= 5000)) || fail "it took $took ms to stop"
wait_for_event stopping 5
expect_equal Result "$(property Result)" success
# What earlier steps broke on purpose makes it end with 1.
certrotd status --json >/run/status.json || (($? == 1)) || fail 'status does not work without the daemon'
expect_contains 'the status' "$(python3 -m json.tool /run/status.json)" '"client"'
[[ -s $(current client)/client.pse ]] || fail 'the PSE is gone'
# Everything that the daemon says reaches the journal with its fields, and never as bare lines of standard error.
expect_equal 'what came over standard error' \
  "$(journalctl --unit=certrotd --quiet --output=cat _TRANSPORT=stdout _COMM=certrotd)" ''
