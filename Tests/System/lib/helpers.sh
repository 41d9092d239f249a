# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by every step. A step fails when a command of it fails, or with `fail`. Nothing here sleeps: steps wait for what
# the journal says, with a deadline.

fail() { # SENTENCE
  printf 'failed: %s\n' "$1" >&2
  exit 1
}

expect_equal() { # WHAT ACTUAL EXPECTED
  if [[ $2 != "$3" ]]; then
    fail "$1 is '$2', expected '$3'"
  fi
}

expect_contains() { # WHAT TEXT PART
  if [[ $2 != *"$3"* ]]; then
    fail "$1 lacks '$3': $2"
  fi
}

expect_mode() { # PATH OWNER:GROUP MODE
  expect_equal "owner and mode of $1" "$(stat --format='%U:%G %04a' "$1")" "$2 $3"
}

# What systemd knows of the service: `property MainPID`.
property() { # NAME
  systemctl show --property="$1" --value certrotd.service
}

# Writes standard input as a file of the configuration; the daemon does not notice before `reload`.
configure() { # NAME
  cat >"/etc/certrotd/conf.d/$1.yaml"
}

# Makes the daemon read its configuration, and waits until that is in force.
reload() {
  local MARK ENTRY
  mark
  systemctl reload certrotd.service
  wait_for_event config.applied 20
}

# The current files of a keystore: `current client`/client.pse.
current() { # KEYSTORE
  echo "/var/lib/certrotd/keystores/$1/current"
}

# Remembers the present; waits and checks that follow look only at what the journal gets later. It is a time, since
# journalctl of systemd 252 loses the first match after a cursor when it filters as well.
mark() {
  MARK=@$(date +%s.%6N)
}

# Waits for a journal entry after the mark; the entry is then in ENTRY, as JSON.
wait_for_entry() { # SECONDS FIELD=VALUE...
  local seconds=$1 follower
  shift
  exec {entries}< <(exec journalctl --since="$MARK" --follow --no-tail --output=json "$@")
  follower=$!
  if ! IFS= read -r -t "$seconds" -u "$entries" ENTRY; then
    ENTRY=
  fi
  kill "$follower" 2>/dev/null || true
  exec {entries}<&-
  [[ -n $ENTRY ]] || fail "no journal entry with $* within $seconds s"
}

# The MESSAGE_ID of an event, as the installed page of events has it.
event_id() { # NAME
  local id
  id=$(awk -v heading="### \`$1\`" '$0 == heading { found = 1 }
    found && match($0, /MESSAGE_ID=[0-9a-f]+/) { print substr($0, RSTART + 11, RLENGTH - 11); exit }' \
    /usr/share/doc/certrotd/events.md)
  [[ -n $id ]] || fail "events.md has no event $1"
  echo "$id"
}

# Waits for an event of certrotd after the mark: wait_for_event endpoint.unreachable 20 CERTROTD_ENDPOINT=a
wait_for_event() { # NAME SECONDS [FIELD=VALUE...]
  local name=$1 seconds=$2
  shift 2
  wait_for_entry "$seconds" "MESSAGE_ID=$(event_id "$name")" "$@"
}

# A field of ENTRY.
field() { # NAME
  python3 -c 'import json, sys; print(json.loads(sys.argv[1]).get(sys.argv[2], ""))' "$ENTRY" "$1"
}

# How often an event was raised after the mark.
count_events() { # NAME [FIELD=VALUE...]
  local id
  id=$(event_id "$1")
  shift
  journalctl --sync
  journalctl --since="$MARK" --quiet --output=cat --output-fields=MESSAGE_ID "MESSAGE_ID=$id" "$@" | wc -l
}
