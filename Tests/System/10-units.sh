#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The unit and its drop-in models are correct, and the sandbox is as tight as promised.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"

complaints=$(systemd-analyze verify --man=no certrotd.service 2>&1 | grep -F certrotd || true)
expect_equal 'what systemd-analyze verify says' "$complaints" ''

# The threshold is ten times the level.
systemd-analyze security --offline=true --threshold=20 --no-pager certrotd.service >/run/security.txt ||
  fail "the exposure level is above 2.0: $(cat /run/security.txt)"

examples=/usr/share/doc/certrotd/examples
drop_ins=/run/systemd/system/certrotd.service.d
for model in "$examples"/*.conf; do
  mkdir --parents "$drop_ins"
  cp "$model" "$drop_ins/"
  complaints=$(systemd-analyze verify --man=no certrotd.service 2>&1 | grep -F "$drop_ins" || true)
  rm -r "$drop_ins"
  expect_equal "what systemd-analyze verify says with $model" "$complaints" ''
done
complaints=$(systemd-analyze verify --man=no "$examples/restart-consumer.path" 2>&1 | grep -F restart-consumer || true)
expect_equal 'what systemd-analyze verify says of restart-consumer' "$complaints" ''
