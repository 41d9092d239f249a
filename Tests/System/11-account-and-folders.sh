#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The account and the folders of the configuration come from the installed descriptions, and later changes are kept.
set -euo pipefail
. "$(dirname "$0")/lib/helpers.sh"

systemd-sysusers certrotd.conf
systemd-tmpfiles --create certrotd.conf
expect_equal 'the account' "$(getent passwd certrotd | cut -d: -f1,6,7)" 'certrotd:/var/lib/certrotd:/usr/sbin/nologin'
expect_mode /etc/certrotd root:root 0755
expect_mode /etc/certrotd/conf.d root:root 0755
expect_mode /etc/certrotd/keys root:certrotd 0750
[[ -s /etc/certrotd/certrotd.yaml ]] || fail 'there is no example configuration'

chmod 0700 /etc/certrotd/keys
systemd-sysusers certrotd.conf
systemd-tmpfiles --create certrotd.conf
expect_mode /etc/certrotd/keys root:certrotd 0700
chmod 0750 /etc/certrotd/keys
