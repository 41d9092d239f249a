#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A service key that is dropped in becomes PEM and PFX at once; a bad one changes nothing; a newer one replaces it.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"
. "$(dirname "$0")/lib/tls.sh"

make_client client-1 issuer-a 200
make_client client-2 issuer-a 300
key=/etc/certrotd/keys/cpi.json
write_service_key "$key" client-1 issuer-a root-a
configure cpi <<'EOF'
service-keys:
  cpi: {from: {file: /etc/certrotd/keys/cpi.json}, verify: none}
keystores:
  cpi:
    identity: {service-key: cpi}
    trust: {bundles: [/etc/certrotd/roots.pem]}
    files:
      - pem: {certificate: cert.pem, key: key.key}
      - pfx: {path: cert.pfx, password-credential: cpi-pfx, profile: modern, alias: cpi}
EOF
certrotd check-config
leaf_of_pfx() {
  openssl pkcs12 -in "$(current cpi)/cert.pfx" -passin 'pass:correct horse' -nokeys -clcerts |
    openssl x509 -outform DER | sha256sum
}
leaf() { # NAME
  openssl x509 -in "$PKI/$1.pem" -outform DER | sha256sum
}
mark
reload
wait_for_event key.accepted 30 CERTROTD_SERVICE_KEY=cpi
wait_for_event keystore.written 30 CERTROTD_KEYSTORE=cpi
expect_equal 'the leaf in the PFX' "$(leaf_of_pfx)" "$(leaf client-1)"
expect_equal 'the public key of key.key' "$(openssl pkey -in "$(current cpi)/key.key" -pubout)" \
  "$(openssl x509 -in "$(current cpi)/cert.pem" -noout -pubkey)"

mark
echo 'no key at all' >"$key"
wait_for_event key.rejected 20 CERTROTD_SERVICE_KEY=cpi
expect_equal 'the leaf in the PFX' "$(leaf_of_pfx)" "$(leaf client-1)"

mark
write_service_key "$key" client-2 issuer-a root-a
wait_for_event key.accepted 20 CERTROTD_SERVICE_KEY=cpi
wait_for_event keystore.written 20 CERTROTD_KEYSTORE=cpi
expect_equal 'the leaf in the PFX' "$(leaf_of_pfx)" "$(leaf client-2)"

# Neither the private key nor the password is in the journal.
secret=$(sed -n 2p "$PKI/client-2.key")
if journalctl --unit=certrotd --all --output=export | grep --text --quiet --fixed-strings -e "$secret" -e 'correct horse'; then
  fail 'a secret is in the journal'
fi
