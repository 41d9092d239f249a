#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a configuration file to a PSE: the daemon starts, fetches the chain, and writes a keystore that trusts the server.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"
. "$(dirname "$0")/lib/tls.sh"

make_root root-a
make_issuer issuer-a root-a
make_server server-a issuer-a
make_root root-b
make_issuer issuer-b root-b
make_server server-b issuer-b
cat "$PKI/root-a.pem" "$PKI/root-b.pem" >/etc/certrotd/roots.pem
serve_tls main 4433 server-a issuer-a

mkdir --parents /etc/credstore /etc/systemd/system/certrotd.service.d
(umask 077; printf 'correct horse' >/etc/credstore/certrotd.cpi-pfx)
cat >/etc/systemd/system/certrotd.service.d/credentials.conf <<'EOF'
[Service]
LoadCredential=cpi-pfx:/etc/credstore/certrotd.cpi-pfx
EOF
systemctl daemon-reload

configure main <<'EOF'
endpoints:
  main:
    url: 127.0.0.1:4433
    server-name: localhost
    anchors: {bundle: /etc/certrotd/roots.pem}
    refetch-every: 10s
keystores:
  client:
    identity: {self-signed: {subject: "CN=certrotd-test,O=System Test", valid-for: 825d}}
    trust: {endpoints: [main]}
    overlap: 1d
    files:
      - pse: {path: client.pse}
      - ca-directory: {path: list}
EOF
certrotd check-config
mark
systemctl start certrotd.service
wait_for_event started 20
wait_for_event config.applied 20
wait_for_event keystore.written 30 CERTROTD_KEYSTORE=client
expect_equal PRIORITY "$(field PRIORITY)" 5
expect_equal _COMM "$(field _COMM)" certrotd
[[ -n $(field CODE_FILE) ]] || fail 'the event lacks CODE_FILE'

expect_equal ActiveState "$(property ActiveState)" active
[[ -n $(property StatusText) ]] || fail 'the daemon sends no status'
folder=$(current client)
[[ -L $folder ]] || fail "$folder is no symbolic link"
[[ -s $folder/client.pse ]] || fail "there is no PSE in $folder"
certrotd pse show "$folder/client.pse" >/run/pse.txt
expect_contains 'pse show' "$(cat /run/pse.txt)" certrotd-test
accepts "$folder/list" 4433 || fail "the trust list does not accept the server: $(cat "$PKI/accepts.txt")"
expect_mode /var/lib/certrotd/ledger.sqlite3 certrotd:certrotd 0600
expect_mode /var/lib/certrotd certrotd:certrotd 0711

status=$(cat "/proc/$(property MainPID)/status")
expect_contains 'the status of the process' "$status" $'CapEff:\t0000000000000000'
expect_contains 'the status of the process' "$status" $'NoNewPrivs:\t1'
expect_contains 'the status of the process' "$status" $'Seccomp:\t2'
expect_contains 'the limits of the process' "$(cat "/proc/$(property MainPID)/limits")" 'Max core file size        0 '
