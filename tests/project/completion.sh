#!/bin/bash
# Shells complete the flags of the programs, and the words that they take.   completion.sh ROOT PROGRAMS
set -eu
files=$1/lib/packaging/completion
export PATH="$2:$PATH"
# shellcheck disable=SC1091
. "$files/deepid.bash"
compopt() { echo files; } # outside of a completion it fails
# complete_bash WORDS...: what is offered for the last one
complete_bash() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _deepid "$1"
    printf '%s\n' "${COMPREPLY[@]}"
}
# offers WANTED WORDS...
offers() {
    wanted=$1; shift
    complete_bash "$@" >"$work/offered"
    grep -qxe "$wanted" "$work/offered" || { echo "bash: '$*' offers no '$wanted' but: $(cat "$work/offered")"; exit 1; }
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
offers --optimizer deepid-study --opt
offers --version deepid-study --
offers adam deepid-study --optimizer a
offers adam deepid-study --optimizer = a
offers f64 deepid-study --dtype f
offers files deepid-study --out ''
offers --seeds deepid-study --quick --s # a flag without a value stands before
offers --certificate deepid-deepen net.onnx --c
offers files deepid-deepen ''
offers --json deepid-study /a/b --j # a path is no flag
offers zero_branch deepid-deepen --how z
offers softsign deepid-tour --kind so
offers --null deepid-calibration --n
offers --out deepid-compare --o
offers formats deepid-inspect --probe f
for program in deepid-study deepid-tour deepid-deepen deepid-compare deepid-judge deepid-inspect deepid-calibration; do
    complete_bash "$program" -- >"$work/offered"
    "$program" --help | grep -oE '^  --[a-z-]+' | while read -r flag; do
        grep -qxe "$flag" "$work/offered" || { echo "bash: $program: $flag is not offered"; exit 1; }
    done
done
if command -v fish >/dev/null 2>&1; then
    offered=$(fish -c "source $files/deepid.fish; complete -C 'deepid-study --optimizer a'; complete -C 'deepid-study --see'; complete -C 'deepid-study --dtype '")
    for word in adam --seeds f64; do
        printf '%s\n' "$offered" | cut -f 1 | grep -qxe "$word" || { echo "fish offers no '$word' but: $offered"; exit 1; }
    done
else
    echo "fish is skipped: it is not here"
fi
if command -v zsh >/dev/null 2>&1; then
    # the words that compadd is given, without a terminal
    offered=$(zsh -fc "compadd() { shift; print -l -- \$@ }; _files() { print files }
        ask() { words=(\$@); CURRENT=\$#; PREFIX=\$words[-1]; run }; functions[run]=\$(<$files/_deepid)
        ask deepid-study --optimizer a; ask deepid-study --see; ask deepid-study --dtype f; ask deepid-study --out ''")
    for word in adam --seeds f64 files; do
        printf '%s\n' "$offered" | grep -qxe "$word" || { echo "zsh offers no '$word' but: $offered"; exit 1; }
    done
else
    echo "zsh is skipped: it is not here"
fi
echo "completion: as --help says"
