#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A daemon that stands still is killed and started again, and leaves no core file.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"

stopped=$(property MainPID)
# kill takes 0 for the caller's own process group.
((stopped > 0)) || fail 'the daemon does not run'
mark
kill -STOP "$stopped"
wait_for_entry 60 UNIT=certrotd.service UNIT_RESULT=watchdog
wait_for_event started 30
[[ $(property MainPID) != "$stopped" ]] || fail 'it is still the same process'
expect_equal 'core files' "$(find / -xdev \( -name core -o -name 'core.*' \) -newermt "$MARK" -type f)" ''
