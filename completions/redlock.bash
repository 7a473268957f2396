# Completion of the redlock command for bash. Offers subcommands and options, and commands after "--".
# shellcheck shell=bash

_redlock() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local subcommand=${COMP_WORDS[1]-} common wait_options options i
    common="--nodes --nodes-file --config --node-timeout --max-lease-time --restart-guard --key-prefix --quiet --verbose --help"
    wait_options="--wait --nonblock --shared --conflict-exit-code --quiet-contention --min-hold --quorum-timeout --no-fencing --fencing --lease-time --label --permits --also"

    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "run acquire extend release status leader list vouch config doctor local demo \
            help --help --version" -- "$word")
        return
    fi
    for ((i = 2; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -- ]]; then
            if declare -F _command_offset >/dev/null; then
                _command_offset $((i + 1))
            else
                mapfile -t COMPREPLY < <(compgen -c -- "$word")
            fi
            return
        fi
    done
    case $before in
        --nodes-file | --config)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
        --restart-guard)
            mapfile -t COMPREPLY < <(compgen -W "auto on off" -- "$word")
            return
            ;;
        --quorum-timeout)
            mapfile -t COMPREPLY < <(compgen -W "forever" -- "$word")
            return
            ;;
        --on-lost)
            mapfile -t COMPREPLY < <(compgen -W "term kill warn" -- "$word")
            return
            ;;
        --background)
            mapfile -t COMPREPLY < <(compgen -W "end keep" -- "$word")
            return
            ;;
    esac
    case $subcommand in
        run) options="$common $wait_options --max-hold --stop-margin --on-lost --background --reentrant --forever --proclaim --" ;;
        acquire) options="$common $wait_options --json" ;;
        extend) options="$common --lease-time --permits --also --json" ;;
        release) options="$common --permits --also --json" ;;
        status) options="$common --permits --json" ;;
        leader) options="$common --watch --quorum-timeout --json" ;;
        list) options="$common --all --json" ;;
        vouch) options="$common --json" ;;
        doctor) options="$common --samples --resource --permits --strict --json" ;;
        config) options="$common --json"; [[ $before == config ]] && options=check ;;
        local) options="--servers --server --help --" ;;
        demo) options="--server --help" ;;
        *) options="--help" ;;
    esac
    if [[ $word == -* || $options == check ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    fi
}

complete -F _redlock redlock
