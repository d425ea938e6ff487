#!/usr/bin/env bash
# Plays a session with `zos`: demo.sh path/to/zos
set -euo pipefail

binary=$(realpath "${1:?the path of the program}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

zos() { "$binary" "$@"; }

# A command as it is typed, and what it says; errors are part of it.
run() {
  printf '$ %s\n' "$*"
  "$@" 2>&1 || printf '(exit code %s)\n' "$?"
  echo
}

say() { printf '# %s\n\n' "$*"; }

say "A fresh database: nothing is there yet, and asking does not make it."
run zos db status

say "Everything that is pending is applied, once."
run zos db migrate
run zos db migrate
run zos db status

say "Up to a target version, and the rest later, telling what is applied."
rm zos.db
run zos db migrate --target 1
run zos db status
run zos --verbose db migrate

say "The way back is closed."
run zos db down
