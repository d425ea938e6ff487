#!/usr/bin/env bash
# Plays a session with `clankers`, whose path is the first argument, in a folder that goes afterwards.
set -euo pipefail

program=$(realpath "${1:?usage: demo.sh PATH/TO/clankers}")
folder=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon"; rm -rf "$folder"' EXIT
cd "$folder"
clankers() { "$program" "$@"; }

say() { printf '\n# %s\n' "$1"; }

# Shows a command and what it says, also when it fails.
show() {
  printf '$ %s\n' "$*"
  "$@" 2>&1 || printf '[exit code %s]\n' "$?"
}

# Starts the daemon and waits until it serves or ends.
start() {
  printf '$ clankers daemon %s&\n' "$*${*:+ }"
  "$program" daemon "$@" >said 2>&1 &
  daemon=$!
  until grep -q '^listening' said || ! kill -0 "$daemon" 2>/dev/null; do sleep 0.05; done
  cat said
  port=$(sed -n 's/^listening on 127.0.0.1://p' said)
}

stop() {
  printf '$ kill %%1\n'
  kill "$daemon"
  wait "$daemon" 2>/dev/null || true
  daemon=
}

# Says one line to the daemon.
ask() {
  printf '> %s\n' "$1"
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf '%s\n' "$1" >&3
  IFS= read -r answer <&3
  exec 3>&-
  printf '%s\n' "$answer"
}

say 'Nothing is there yet.'
show clankers migrate:status

say 'The daemon migrates, then it serves.'
start --migrate-to 3
ask 'put t1 monday edit'
ask 'get t1'

say 'The rest goes on beside it.'
show clankers migrate
ask 'put t2 monday read'
ask 'count'
stop

say 'Again: there is nothing to do.'
show clankers migrate
show clankers migrate:status

say 'One step back, and forward again.'
show clankers migrate:rollback --allow-release
show clankers migrate

say 'The history says that something else was applied: the daemon does not start.'
if command -v sqlite3 >/dev/null; then
  show sqlite3 clankers.db "UPDATE schema_migrations SET checksum = replace(checksum, ':', ':0') WHERE version = 2"
  show clankers daemon
else
  echo '(left out: it needs the program sqlite3)'
fi
