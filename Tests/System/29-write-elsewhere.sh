#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# With the installed example of a drop-in, a file goes to another program's folder, for that program's group.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"

groupadd --system sapsys
useradd --system --gid sapsys abcadm
install --directory --owner=abcadm --group=sapsys --mode=2770 /usr/sap/ABC/D00/sec
keystore() { # NAME
  configure elsewhere <<EOF
keystores:
  $1:
    trust: {bundles: [/etc/certrotd/roots.pem]}
    files:
      - pse: {path: /usr/sap/ABC/D00/sec/client.pse, group: sapsys, mode: "0640"}
EOF
}
keystore denied
mark
reload
wait_for_event keystore.failed 20 CERTROTD_KEYSTORE=denied
expect_equal CERTROTD_CULPRIT "$(field CERTROTD_CULPRIT)" host
expect_contains CERTROTD_REASON "$(field CERTROTD_REASON)" ReadWritePaths=

cp /usr/share/doc/certrotd/examples/write-elsewhere.conf /etc/systemd/system/certrotd.service.d/
systemctl daemon-reload
# Under another name, since a failure is tried again after a minute only.
keystore elsewhere
mark
systemctl restart certrotd.service
wait_for_event keystore.written 30 CERTROTD_KEYSTORE=elsewhere
expect_mode /usr/sap/ABC/D00/sec/client.pse certrotd:sapsys 0640
runuser -u abcadm -- cat /usr/sap/ABC/D00/sec/client.pse >/dev/null || fail 'the consumer cannot read the file'
expect_equal 'what else lies in the folder' "$(find /usr/sap/ABC/D00/sec -mindepth 1 -printf '%f\n')" client.pse
