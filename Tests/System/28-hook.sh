#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A hook that touches a file makes the service manager restart a consumer, as the installed example does; a hook that
# fails is told of.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"
. "$(dirname "$0")/lib/tls.sh"

cp /usr/share/doc/certrotd/examples/restart-consumer.{path,service} /run/systemd/system/
cat >/run/systemd/system/consumer.service <<'EOF'
[Service]
ExecStart=/usr/bin/sleep infinity
EOF
systemctl daemon-reload
systemctl start consumer.service restart-consumer.path
before=$(systemctl show --property=MainPID --value consumer.service)
configure hooked <<'EOF'
keystores:
  hooked:
    trust: {bundles: [/etc/certrotd/roots.pem]}
    files: [{ca-directory: {path: list}}]
    after-change:
      - [/usr/bin/touch, /run/certrotd/consumer.changed]
  failing:
    trust: {bundles: [/etc/certrotd/roots.pem]}
    files: [{ca-directory: {path: list}}]
    after-change:
      - [/bin/sh, -c, "echo a word from the hook; exit 3"]
EOF
mark
reload
wait_for_event keystore.written 20 CERTROTD_KEYSTORE=hooked
wait_for_entry 20 UNIT=restart-consumer.service JOB_TYPE=start JOB_RESULT=done
after=$(systemctl show --property=MainPID --value consumer.service)
[[ $after != "$before" ]] || fail 'the consumer was not restarted'
systemctl stop restart-consumer.path consumer.service

wait_for_event hook.failed 20 CERTROTD_KEYSTORE=failing
expect_contains CERTROTD_REASON "$(field CERTROTD_REASON)" 3
journalctl --sync
expect_contains 'the journal' "$(journalctl --unit=certrotd --since="$MARK" --output=cat)" 'a word from the hook'
