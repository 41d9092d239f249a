#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The control socket: root acts, a member of the group looks, a stranger does not get in.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"

expect_mode /run/certrotd/control certrotd:certrotd 0660
# as USER GROUP METHOD PARAMETERS: calls a method as somebody, and prints the reply or why there is none.
as() {
  setpriv --reuid="$1" --regid="$2" --clear-groups python3 - "$3" "$4" <<'EOF'
import json
import socket
import sys

call = {"method": "org.certrotd.control." + sys.argv[1], "parameters": json.loads(sys.argv[2])}
with socket.socket(socket.AF_UNIX) as client:
    client.settimeout(60)
    try:
        client.connect("/run/certrotd/control")
    except OSError as error:
        sys.exit(print(error.strerror))
    client.sendall(json.dumps(call).encode() + b"\0")
    answer = bytearray()
    while not answer.endswith(b"\0"):
        part = client.recv(65536)
        if not part:
            sys.exit("hung up")
        answer += part
print(answer[:-1].decode())
EOF
}

expect_contains 'the status for root' "$(as root root Status '{}')" '"name":"client"'
expect_contains 'the status for a member' "$(as nobody certrotd Status '{}')" '"name":"client"'
expect_contains 'acting as a member' "$(as nobody certrotd Reload '{}')" org.varlink.service.PermissionDenied
expect_contains 'acting as a member' "$(as nobody certrotd Renew '{"name": "client"}')" org.varlink.service.PermissionDenied
expect_equal 'what a stranger gets' "$(as nobody nogroup Status '{}')" 'Permission denied'
expect_contains 'acting as the user of the daemon' "$(as certrotd certrotd Renew '{"name": "client"}')" '"outcome"'
expect_contains 'acting as root' "$(as root root Reload '{}')" '"in_force":true'

# Clients that send half a call and garbage hold nobody up.
timeout 30 python3 - <<'EOF'
import socket

clients = [socket.socket(socket.AF_UNIX) for _ in range(20)]
for client in clients:
    client.connect("/run/certrotd/control")
    client.sendall(b'{"method"')
clients[0].sendall(b"\xff" * 8 + b"\0")
assert clients[0].recv(1) == b""
EOF
mark
certrotd renew client --now >/run/renew.txt || fail "it cannot be renewed: $(cat /run/renew.txt)"
expect_contains 'what renew says' "$(tail -n 1 /run/renew.txt)" renewed
wait_for_event keystore.written 30 CERTROTD_KEYSTORE=client
