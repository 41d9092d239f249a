#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# boot.sh PLACE ONLY SECONDS: called by scripts/system-test in a mount namespace of its own. Lays a throw-away overlay of
# this host at PLACE, installs certrotd and the steps into it, boots it, and prints the report of the steps.
set -euo pipefail

place=$1
only=$2
seconds=$3

mount -t tmpfs -o mode=0755,size=4g certrotd-system-test "$place"
mkdir "$place/upper" "$place/work" "$place/root"
mount -t overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" overlay "$place/root"
root=$place/root

scripts/install --no-build --destdir "$root" >"$place/install.log"

# What this host happens to start, to log and to be called must not matter.
rm -rf "$root"/etc/systemd/system/*.wants "$root/var/log/journal" "$root/etc/fstab"
tr --delete - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
echo certrotd-test >"$root/etc/hostname"
printf '127.0.0.1 localhost certrotd-test\n::1 localhost\n' >"$root/etc/hosts.new"
mv --force "$root/etc/hosts.new" "$root/etc/hosts"

mkdir "$root/system-test"
cp --recursive Tests/System/. "$root/system-test/"
cat >"$root/etc/systemd/system/system-test.service" <<EOF
[Unit]
Description=Steps of the system test
After=basic.target systemd-user-sessions.service
SuccessAction=exit
FailureAction=exit

[Service]
Type=oneshot
Environment="ONLY=$only"
ExecStart=/system-test/lib/run-steps.sh
StandardOutput=file:/system-test/report
StandardError=inherit
EOF
cat >"$root/etc/systemd/system/system-test.target" <<EOF
[Unit]
Description=System test
Requires=basic.target system-test.service
After=basic.target
AllowIsolate=yes
EOF

kernel_arguments=(systemd.unit=system-test.target)
if [[ $(stat --file-system --format=%T /sys/fs/cgroup) != cgroup2fs ]]; then
  kernel_arguments+=(systemd.unified_cgroup_hierarchy=0)
fi
status=0
# In the foreground, so that a signal to the process group of scripts/system-test reaches the container.
timeout --foreground --kill-after=20 "$seconds" \
  systemd-nspawn --quiet --keep-unit --register=no --private-network --link-journal=no --directory "$root" \
  --boot "${kernel_arguments[@]}" >"$place/console.log" 2>&1 </dev/null || status=$?

report=$root/system-test/report
if [[ -s $report ]]; then
  cat "$report"
fi
if [[ ! -s $report ]] || ! tail -n 1 "$report" | grep --quiet '^system-test: '; then
  echo "system-test: the steps did not come to their end; the container ended with status $status, its console said last:" >&2
  tail -n 40 "$place/console.log" | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' >&2
  exit 1
fi
tail -n 1 "$report" | grep --quiet ' 0 failed$'
