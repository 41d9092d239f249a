# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Certificates and TLS servers for steps; source helpers.sh first. Everything lies in $PKI: NAME.pem and NAME.key.

PKI=/run/system-test-pki
mkdir --parents "$PKI"

new_key() { # NAME
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$PKI/$1.key"
}

# A certificate for a new key, signed by ISSUER; ISSUER is NAME itself for a root. EXTENSIONS are lines of openssl's
# configuration (x509v3_config(5)).
new_certificate() { # NAME ISSUER DAYS EXTENSIONS
  new_key "$1"
  openssl req -new -key "$PKI/$1.key" -subj "/CN=$1/O=System Test" -out "$PKI/$1.csr"
  local signer=(-CA "$PKI/$2.pem" -CAkey "$PKI/$2.key")
  if [[ $1 == "$2" ]]; then
    signer=(-signkey "$PKI/$1.key")
  fi
  openssl x509 -req -in "$PKI/$1.csr" "${signer[@]}" -days "$3" -set_serial "0x$(openssl rand -hex 15)" \
    -extfile <(printf '%s\n' "$4") -out "$PKI/$1.pem" 2>/dev/null
  rm "$PKI/$1.csr"
}

make_root() { # NAME
  new_certificate "$1" "$1" 3650 $'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign'
}

make_issuer() { # NAME ROOT
  new_certificate "$1" "$2" 1825 $'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign'
}

# A server certificate for localhost and 127.0.0.1.
make_server() { # NAME ISSUER [DAYS]
  new_certificate "$1" "$2" "${3:-90}" \
    $'basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
}

# A server certificate like those of make_server that began PAST days ago and ends in DAYS. `openssl x509` of OpenSSL 3.0
# cannot backdate; `openssl ca` can.
make_aged_server() { # NAME ISSUER PAST DAYS
  local folder=$PKI/$1.ca
  mkdir --parents "$folder"
  : >"$folder/index.txt"
  cat >"$folder/ca.conf" <<EOF
[ca]
default_ca = this
[this]
database = $folder/index.txt
new_certs_dir = $folder
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
organizationName = optional
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1,IP:::1
EOF
  new_key "$1"
  openssl req -new -key "$PKI/$1.key" -subj "/CN=$1/O=System Test" -out "$folder/request.pem"
  openssl ca -batch -notext -config "$folder/ca.conf" -cert "$PKI/$2.pem" -keyfile "$PKI/$2.key" \
    -startdate "$(date --utc --date="$3 days ago" +%Y%m%d%H%M%SZ)" -enddate "$(date --utc --date="$4 days" +%Y%m%d%H%M%SZ)" \
    -in "$folder/request.pem" -out "$PKI/$1.pem" 2>"$folder/log" || fail "$(cat "$folder/log")"
  rm -r "$folder"
}

make_client() { # NAME ISSUER [DAYS]
  new_certificate "$1" "$2" "${3:-365}" $'basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth'
}

# Serves LEAF, with the issuers named after it, as the transient unit tls-SERVER.service until it is stopped. Returns when
# the server accepts connections.
serve_tls() { # SERVER PORT LEAF [ISSUER...]
  local server=$1 port=$2 leaf=$3 chain=$PKI/$1.chain
  # The caller's mark stays as it is; wait_for_entry looks at this one.
  # shellcheck disable=SC2034
  local MARK ENTRY
  shift 3
  : >"$chain"
  local issuer
  for issuer in "$@"; do
    cat "$PKI/$issuer.pem" >>"$chain"
  done
  local arguments=(-accept "127.0.0.1:$port" -cert "$PKI/$leaf.pem" -key "$PKI/$leaf.key" -www)
  if [[ -s $chain ]]; then
    arguments+=(-cert_chain "$chain")
  fi
  mark
  systemd-run --quiet --unit="tls-$server" --collect openssl s_server "${arguments[@]}"
  # s_server prints this when it listens.
  wait_for_entry 10 "_SYSTEMD_UNIT=tls-$server.service" MESSAGE=ACCEPT
}

stop_tls() { # SERVER
  systemctl stop "tls-$1.service"
}

# Whether a consumer that trusts only the ca-directory FOLDER accepts the server at PORT.
accepts() { # FOLDER PORT
  local bundle=$PKI/accepts.pem
  cat "$1"/* >"$bundle"
  openssl s_client -connect "127.0.0.1:$2" -servername localhost -verify_hostname localhost -CAfile "$bundle" \
    -no-CApath -no-CAstore -verify_return_error </dev/null >"$PKI/accepts.txt" 2>&1
}

# A service key of the platform, as its cockpit gives it for download, written with its final mode.
write_service_key() { # FILE LEAF [ISSUER...]
  local file=$1 leaf=$2
  shift 2
  local parts=("$PKI/$leaf.pem") issuer
  for issuer in "$@"; do
    parts+=("$PKI/$issuer.pem")
  done
  (
    umask 027
    cat "${parts[@]}" | python3 -c '
import json, sys
print(json.dumps({"clientid": "sb-system-test", "certificate": sys.stdin.read(), "key": open(sys.argv[1]).read(),
                  "certurl": "https://localhost:1", "url": "https://localhost:1"}))' "$PKI/$leaf.key" >"$file.new"
  )
  chgrp certrotd "$file.new"
  mv "$file.new" "$file"
}
