# fish completion of the deepid programs: flags from --help, words of a value from "--FLAG help"; see deepid.bash.
function __deepid_words
    set -l words (commandline -opc)
    set -l program $words[1]
    set -l before (string match -r -- '^--[a-z-]+$' $words[-1])
    set -l help (command $program --help 2>/dev/null)
    if test -n "$before"; and string match -q -- "*$before help*" $help
        command $program $before help 2>/dev/null | string replace -r ' +' \t
    else if string match -q -- '-*' (commandline -ct)
        string match -rga -- '(--[a-z][a-z-]*)' $help | sort -u
    else if test -n "$before"
        set -l values (string match -rg -- ".*$before ([A-Za-z0-9]+\|[A-Za-z0-9|]+)( .*|\$)" $help)
        test -n "$values[1]"; and string split '|' $values[1]
    end
end
for program in deepid-study deepid-tour deepid-deepen deepid-compare deepid-judge deepid-inspect deepid-calibration
    complete -c $program -a '(__deepid_words)'
end
