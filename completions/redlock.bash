# Completion of the redlock command for bash. redlock itself knows what can follow: see
# src/cli/options/completion.hpp.
# shellcheck shell=bash

# The words up to the cursor, without quotes, in `typed`. bash breaks words at "=" and ":" too, which
# stand in options and in the names of locks; what no blank parts is one word here.
_redlock_typed() {
    local left=${COMP_LINE:0:COMP_POINT} rest word i
    typed=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${left#"${left%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$rest
        if ((i > 0)) && [[ $rest == "$left" ]]; then
            typed[-1]+=$word
        else
            typed+=("$word")
        fi
        left=${rest#"$word"}
    done
}

# The user's own command, behind "--".
_redlock_command() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} != -- ]] || break
    done
    if declare -F _command_offset >/dev/null; then
        _command_offset $((i + 1))
    elif ((i + 1 == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
    else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
    fi
}

_redlock() {
    local typed plain=() each how candidate glue='' other quoted=false
    _redlock_typed
    COMPREPLY=()
    for each in "${typed[@]}"; do
        plain+=("${each//[\\\"\']/}")
    done
    [[ ${typed[-1]} != [\"\']* ]] || quoted=true
    # What bash has cut off, and keeps.
    if [[ $quoted == false ]]; then
        [[ $COMP_WORDBREAKS != *=* ]] || glue=${plain[-1]%"${plain[-1]##*=}"}
        [[ $COMP_WORDBREAKS != *:* ]] || other=${plain[-1]%"${plain[-1]##*:}"}
        ((${#other} <= ${#glue})) || glue=$other
    fi
    while IFS=$'\t' read -r candidate _; do
        if [[ -z ${how-} ]]; then
            how=${candidate%% *}
            continue
        fi
        [[ $candidate != */ ]] || compopt -o nospace 2>/dev/null
        candidate=${candidate#"$glue"}
        [[ $quoted == true ]] || printf -v candidate %q "$candidate"
        COMPREPLY+=("$candidate")
    done < <("${plain[0]/#\~/$HOME}" complete-line "${plain[@]:1}" 2>/dev/null </dev/null)
    case ${how-} in
        files)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "${plain[-1]#"$glue"}")
            ;;
        programs) mapfile -t COMPREPLY < <(compgen -c -- "${plain[-1]#"$glue"}") ;;
        command) _redlock_command ;;
    esac
}

complete -F _redlock redlock
