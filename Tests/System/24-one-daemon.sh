#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A second daemon on the same state refuses to run, as long as the first one does: only the release build shows that the
# lock lives for as long.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"

status=0
said=$(timeout 20 setpriv --reuid=certrotd --regid=certrotd --init-groups \
  certrotd run --state /var/lib/certrotd 2>&1) || status=$?
expect_equal 'the exit status of a second daemon' "$status" 1
expect_contains 'what it says' "$said" 'another certrotd runs on'
