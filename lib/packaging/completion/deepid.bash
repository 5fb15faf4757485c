# bash completion of the deepid programs. Flags are those of their --help, and the words of a value those of "--FLAG help":
# both are asked of the program itself, so that nothing here grows old.
#   "--word VALUE", with one blank between, takes a value: A|B one of these words, in capitals a file or free text
#   "see --word help" or "--word help lists them": the program lists its words
_deepid()
{
    local program=$1 current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} help value
    COMPREPLY=()
    help=$("$program" --help 2>/dev/null) || return 0
    # --flag=value comes as three words
    [[ $current == = ]] && current=
    [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
    [[ $before =~ ^--[a-z-]+$ ]] || before=
    value=$(sed -nE "s/.*$before ([A-Za-z0-9|/]+)( .*|$)/\1/p" <<<"$help" | head -n 1)
    if [[ -n $before && -n $value ]]; then
        if [[ $help == *"$before help"* ]]; then
            COMPREPLY=($(compgen -W "$("$program" "$before" help 2>/dev/null | cut -d ' ' -f 1)" -- "$current"))
        elif [[ $value == *"|"* ]]; then
            COMPREPLY=($(compgen -W "${value//|/ }" -- "$current"))
        elif [[ $value == F* || $value == NET ]]; then # FILE, FOLDER
            compopt -o default
        fi
    elif [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$(grep -oE -- '--[a-z][a-z-]*' <<<"$help" | sort -u)" -- "$current"))
    else
        compopt -o default
    fi
}
complete -F _deepid deepid-study deepid-tour deepid-deepen deepid-compare deepid-judge deepid-inspect deepid-calibration
