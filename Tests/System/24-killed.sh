#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Killed without warning, the daemon comes back, and the keystores are complete and as they were.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"

before=$(readlink "$(current client)")
killed=$(property MainPID)
# kill takes 0 for the caller's own process group.
((killed > 0)) || fail 'the daemon does not run'
mark
kill -KILL "$killed"
wait_for_event started 30
wait_for_event config.applied 20
[[ $(property MainPID) != "$killed" ]] || fail 'it is still the same process'
certrotd verify client
expect_equal 'the generation' "$(readlink "$(current client)")" "$before"
expect_equal 'the number of keystores written again' "$(count_events keystore.written)" 0
