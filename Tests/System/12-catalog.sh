#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# journalctl -x explains an entry with the MESSAGE_ID of an event, and fills in its fields.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"

journalctl --update-catalog
mark
logger --journald <<EOF
MESSAGE_ID=$(event_id endpoint.unreachable)
MESSAGE=a trial of the catalog
SYSLOG_IDENTIFIER=catalog-trial
PRIORITY=4
CERTROTD_ENDPOINT=s4hana-cloud
CERTROTD_REASON=connection refused
CERTROTD_CULPRIT=server
EOF
wait_for_event endpoint.unreachable 10 SYSLOG_IDENTIFIER=catalog-trial
expect_equal CERTROTD_ENDPOINT "$(field CERTROTD_ENDPOINT)" s4hana-cloud
# In one line, since texts are wrapped.
shown=$(journalctl --catalog --no-pager --since="$MARK" SYSLOG_IDENTIFIER=catalog-trial | sed "s,░,,g" | tr -s ' \n' ' ')
expect_contains 'the explanation' "$shown" 'Subject: An endpoint cannot be reached: s4hana-cloud'
expect_contains 'the explanation' "$shown" 'connection refused. At fault is: server'
expect_contains 'the explanation' "$shown" 'What to do: '
