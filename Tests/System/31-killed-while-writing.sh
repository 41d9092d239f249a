#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Killed again and again at any moment of its writing: whoever opens the files finds one whole set each time, every start
# goes on from there, and the newest set gets through.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"
. "$(dirname "$0")/lib/tls.sh"

rounds=20
key=/etc/certrotd/keys/cpi.json
dropin=/etc/systemd/system/certrotd.service.d/restart.conf
faults=/run/reader-faults
reading=/run/reader-goes-on

# A consumer enters the current set once and takes all files from there.
one_whole_set() (
  cd -P "$(current cpi)" || fail 'there is no current set'
  openssl x509 -in cert.pem -noout -pubkey >/dev/null || fail "$PWD has no whole certificate"
  [[ $(openssl x509 -in cert.pem -noout -pubkey) == "$(openssl pkey -in key.key -pubout)" ]] ||
    fail "the key in $PWD does not fit its certificate"
  [[ $(openssl pkcs12 -in cert.pfx -passin 'pass:correct horse' -nokeys -clcerts | openssl x509 -noout -fingerprint) == \
    "$(openssl x509 -in cert.pem -noout -fingerprint)" ]] || fail "the PFX in $PWD holds another certificate than the PEM"
)

cat >"$dropin" <<'EOF'
[Unit]
StartLimitIntervalSec=0

[Service]
RestartSec=100ms
EOF
systemctl daemon-reload
for ((round = 1; round <= rounds; round++)); do
  make_client "killed-$round" issuer-a $((400 + round))
done

: >"$faults"
: >"$reading"
while [[ -e $reading ]]; do
  one_whole_set 2>>"$faults" || true
done &
reader=$!

restarts=$(property NRestarts)
for ((round = 1; round <= rounds; round++)); do
  write_service_key "$key" "killed-$round" issuer-a root-a
  # Not a wait for anything: this is the random moment.
  sleep "0.$(printf '%03d' $((RANDOM % 700)))"
  victim=$(property MainPID)
  ((victim > 0)) || fail 'the daemon does not run'
  mark
  kill -KILL "$victim"
  wait_for_event started 30
  one_whole_set
done
expect_equal 'NRestarts' "$(property NRestarts)" $((restarts + rounds))

wanted=$(openssl x509 -in "$PKI/killed-$rounds.pem" -noout -fingerprint)
for ((tenths = 0; tenths < 300; tenths++)); do
  [[ $(openssl x509 -in "$(current cpi)/cert.pem" -noout -fingerprint) != "$wanted" ]] || break
  sleep 0.1
done
expect_equal 'the certificate in the end' "$(openssl x509 -in "$(current cpi)/cert.pem" -noout -fingerprint)" "$wanted"
rm "$reading"
wait "$reader"
expect_equal 'what the reader met meanwhile' "$(cat "$faults")" ''
one_whole_set
certrotd verify client
rm "$dropin"
systemctl daemon-reload
