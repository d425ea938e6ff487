#!/usr/bin/env bash
# A vault from nothing to its newest version, back, and up again: demo.sh target/debug/vault
set -euo pipefail

[ $# = 1 ] || { echo "usage: demo.sh PATH-OF-VAULT" >&2; exit 2; }
program=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

vault() { "$program" "$@"; }
say() { printf '\n# %s\n' "$*"; }
run() {
  echo "\$ $*"
  "$@"
}

say "A fresh vault has version 0. Asking for it makes no file."
run vault version
run ls -A

say "The first migration creates the tables of the models."
run vault migrate --to 1
run vault version

say "All that is left, in order."
run vault migrate
run vault version

say "Once more: nothing is left to do."
run vault migrate

say "A step back, and all the way."
run vault rollback
run vault rollback --steps 2
run vault version

say "And up again."
run vault migrate
