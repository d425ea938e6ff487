
_cargo_migrate_behind_cargo() {
    if [[ "${COMP_CWORD}" -gt 1 && "${COMP_WORDS[1]}" == migrate ]]; then
        local before="$3"
        [[ "${COMP_CWORD}" -eq 2 ]] && before=cargo-migrate
        COMP_WORDS=(cargo-migrate "${COMP_WORDS[@]:2}")
        COMP_CWORD=$((COMP_CWORD - 1))
        _cargo_migrate cargo-migrate "$2" "${before}"
    elif [[ -n "${_cargo_migrate_other}" ]]; then
        "${_cargo_migrate_other}" "$@"
    fi
}

_cargo_migrate_take_cargo() {
    local said
    if ! complete -p cargo &>/dev/null; then
        # What is loaded when it is asked for is loaded now.
        if declare -F _comp_load >/dev/null; then
            _comp_load cargo &>/dev/null
        elif declare -F _completion_loader >/dev/null; then
            _completion_loader cargo &>/dev/null
        fi
    fi
    said="$(complete -p cargo 2>/dev/null)"
    if [[ "${said}" =~ " -F "([^ ]+)" " && "${BASH_REMATCH[1]}" != _cargo_migrate_behind_cargo ]]; then
        _cargo_migrate_other="${BASH_REMATCH[1]}"
    fi
    complete -F _cargo_migrate_behind_cargo -o bashdefault -o default cargo
}
_cargo_migrate_take_cargo
unset -f _cargo_migrate_take_cargo
complete -F _cargo_migrate -o bashdefault -o default cargo-migrate
