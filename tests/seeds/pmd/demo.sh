#!/usr/bin/env bash
# Plays a session with the store: demo.sh PATH/TO/pmd
set -euo pipefail

pmd=$(realpath "$1")
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT

pmd() { "$pmd" "$@" 2>&1; }
version() { printf 'user_version: %d\n' "0x$(od -An -tx1 -j60 -N4 pmd.db | tr -d ' \n')"; }

play() {
  printf '$ %s\n' "$*"
  "$@" || true
  echo
}

printf '# Bread\n\nMix flour, water and salt.\n' >bread.md
printf 'Tea\n\nSteep the leaves for three minutes.\n' >tea.md

echo "== a fresh store"
play pmd init
play pmd init
play pmd add bread.md --tag baking
play pmd add tea.md
play pmd search steeping
play pmd tagged baking

echo "== its version, as the header of the file has it"
play version

echo "== a store of version 1, upgraded with its log"
rm pmd.db
play pmd db migrate --to 1
play version
play pmd --verbose init
play version

echo "== how it stands"
play pmd db status
play pmd db verify
