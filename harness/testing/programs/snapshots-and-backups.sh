#!/bin/sh
# Takes snapshots and backups of a disk that is in use. QEMU: the program to start; the rest is told by QMP, over socat.
set -eu
QEMU=${QEMU:-qemu-system-x86_64}
folder=$(mktemp -d)
trap 'test ! -s "$folder/pid" || kill "$(cat "$folder/pid")" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
monitor=$folder/qmp

say() { printf '%s\n' "$*"; }
fail() { say "FAILED: $*" >&2; exit 1; }

# One command on a connection of its own; prints its reply.
qmp() {
  { printf '{"execute": "qmp_capabilities"}\n%s\n' "$1"; } |
    socat -t 5 - "UNIX-CONNECT:$monitor" | tr -d '\r' |
    grep -E '^\{"(return|error)"' | sed -n 2p
}

# The same, where nothing but success will do.
must() {
  reply=$(qmp "$1")
  case $reply in
    '{"return"'*) ;;
    *) fail "$1: $reply" ;;
  esac
}

# Guest I/O.
guest() {
  must '{"execute": "human-monitor-command", "arguments": {"command-line": "qemu-io disk0 \"'"$1"'\""}}'
}

wait_for_jobs() {
  tries=0
  while :; do
    case $(qmp '{"execute": "query-block-jobs"}') in
      '{"return": []}') return ;;
    esac
    tries=$((tries + 1))
    test $tries -lt 400 || fail 'the jobs do not end'
    sleep 0.05
  done
}

# Waits until job $1 is ready, then completes it.
complete() {
  tries=0
  until qmp '{"execute": "query-block-jobs"}' | grep -q '"ready": true'; do
    tries=$((tries + 1))
    test $tries -lt 400 || fail "job $1 does not get ready"
    sleep 0.05
  done
  must '{"execute": "block-job-complete", "arguments": {"device": "'"$1"'"}}'
  wait_for_jobs
}

# The bytes $2 to $2 + $3 of an image hold the pattern $4.
holds() {
  qemu-io -r -f "$1" -c "read -P $5 $3 $4" "$2" | grep -q '^Pattern verification failed' &&
    fail "$2 does not hold $5 at $3"
  return 0
}

say '1. a disk, and somebody who uses it'
qemu-img create -q -f qcow2 disk.qcow2 8M
"$QEMU" -machine none -accel tcg -nodefaults -display none -S -name guest=vm -m 64 \
  -drive "if=none,id=disk0,format=qcow2,file=$folder/disk.qcow2,node-name=base" \
  -qmp "unix:$monitor,server=on,wait=off" -pidfile "$folder/pid" -daemonize
test -S "$monitor" || fail 'no monitor'
guest 'write -P 0x11 0 1M'

say '2. a bitmap that remembers what changes, and a full backup'
must '{"execute": "transaction", "arguments": {"actions": [
  {"type": "block-dirty-bitmap-add", "data": {"node": "disk0", "name": "changes"}},
  {"type": "drive-backup", "data": {"device": "disk0", "sync": "full", "format": "qcow2",
   "target": "'"$folder"'/full.qcow2"}}]}}'
wait_for_jobs
guest 'write -P 0x22 1M 1M'

say '3. an incremental backup on top of it'
qemu-img create -q -f qcow2 -b "$folder/full.qcow2" -F qcow2 increment.qcow2
must '{"execute": "drive-backup", "arguments": {"device": "disk0", "sync": "incremental", "bitmap": "changes",
  "mode": "existing", "format": "qcow2", "target": "'"$folder"'/increment.qcow2"}}'
wait_for_jobs

say '4. a snapshot, written to, and committed again'
must '{"execute": "blockdev-snapshot-sync", "arguments": {"device": "disk0", "format": "qcow2",
  "snapshot-file": "'"$folder"'/snapshot.qcow2", "snapshot-node-name": "snapshot"}}'
guest 'write -P 0x33 2M 1M'
qmp '{"execute": "query-block"}' | grep -q '"backing_file_depth": 1' || fail 'no snapshot is in use'
must '{"execute": "block-commit", "arguments": {"device": "disk0", "job-id": "commit0"}}'
complete commit0
qmp '{"execute": "query-block"}' | grep -q '"backing_file_depth": 0' || fail 'the snapshot is still in use'

say '5. a mirror to another place, where the disk lives from then on'
must '{"execute": "drive-mirror", "arguments": {"device": "disk0", "job-id": "move0", "sync": "full",
  "format": "qcow2", "target": "'"$folder"'/moved.qcow2"}}'
complete move0
guest 'write -P 0x44 3M 1M'

say '6. what is refused changes nothing'
case $(qmp '{"execute": "block_resize", "arguments": {"device": "disk0", "size": -1}}') in
  '{"error": {"class": "GenericError"'*) ;;
  *) fail 'a negative size is taken' ;;
esac

say '7. the end; the images hold what they should'
must '{"execute": "quit"}'
while test -e "$folder/pid"; do sleep 0.05; done
for image in disk full increment moved; do qemu-img check -q $image.qcow2; done
for image in disk full increment moved; do holds qcow2 $image.qcow2 0 1M 0x11; done
for image in disk increment moved; do holds qcow2 $image.qcow2 1M 1M 0x22; done
holds qcow2 full.qcow2 1M 1M 0
for image in disk moved; do holds qcow2 $image.qcow2 2M 1M 0x33; done
holds qcow2 moved.qcow2 3M 1M 0x44
holds qcow2 disk.qcow2 3M 1M 0
say 'all is well'
