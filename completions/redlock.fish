# Completion of the redlock command for fish. redlock itself knows what can follow: see
# src/cli/options/completion.hpp.

# The completions of the last word, behind this command or as a command.
# What stands before the "=" of an option, if the value of one is completed, is kept before each word.
function __redlock_after_sign
    set -l now (commandline -ct)
    set -l before ''
    if string match -q -- '--*=*' "$now"
        set before (string replace -r -- '=.*' '=' "$now")
        set now (string replace -r -- '^[^=]*=' '' "$now")
    end
    for each in (complete -C (string join ' ' -- $argv "$now"))
        echo $before$each
    end
end

function __redlock_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l now (commandline -ct | string unescape)
    set -l lines (command $program complete-line $words "$now" 2>/dev/null </dev/null)
    set -l first (string split ' ' -- $lines[1])
    set -e lines[1]
    switch "$first[1]"
        case words
            string join \n -- $lines
        case files
            # The command of no completions: fish then offers files.
            __redlock_after_sign '__redlock_of_files'
        case programs
            __redlock_after_sign
        case command
            set -l own $words[(math $first[2] + 1)..]
            complete -C (string join ' ' -- (string escape -- $own) (commandline -ct))
    end
end

complete -c redlock -f -a '(__redlock_complete)'
