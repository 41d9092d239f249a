#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the steps of the system test in the order of their names, inside the booted container, and reports on each.
set -euo pipefail

seconds_for_a_step=150
passed=0
failed=0
for step in /system-test/[0-9]*.sh; do
  name=$(basename "$step" .sh)
  # ONLY is a pattern.
  # shellcheck disable=SC2053
  if [[ $name != ${ONLY:-*} ]]; then
    continue
  fi
  began=$(date +%s%N)
  since=@$(date +%s.%6N)
  if timeout --kill-after=5 "$seconds_for_a_step" "$step" >"/run/$name.log" 2>&1 </dev/null; then
    result=PASS
    passed=$((passed + 1))
  else
    result=FAIL
    failed=$((failed + 1))
  fi
  printf '%s %s (%d ms)\n' "$result" "$name" $((($(date +%s%N) - began) / 1000000))
  if [[ $result == FAIL ]]; then
    sed 's/^/    | /' "/run/$name.log"
    echo '    the journal of certrotd during this step:'
    journalctl --unit=certrotd --since="$since" --lines=60 --no-pager --output=short-monotonic | sed 's/^/    | /'
    echo
  fi
done
echo "system-test: $passed passed, $failed failed"
