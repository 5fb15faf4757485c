#!/bin/sh
# The other examples run and end well; Python by ctypes agrees with C when numpy is there.   examples.sh BUILD ROOT
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/here" && cd "$work/here" # no ../shared beside it
"$1/examples/01_build_train_inspect" 40 | grep -q 'block30.dense'
[ -s layers.csv ]
"$1/examples/02_own_arrays" | grep -q checksum
"$1/examples/04_deepen" >deepen.txt # no digits here: the generator's stripes, and the program says so
grep -q 'gratings instead' deepen.txt
[ "$(grep -c 'bit for bit' deepen.txt)" = 3 ]
[ "$(grep -c ': 0 numbers differ' deepen.txt)" = 6 ]
grep -q '^Refused. .*rank: ' deepen.txt
[ -s certificate/certificate.json ]
if "$1/examples/04_deepen" nowhere 2>err.txt; then echo "04_deepen took a folder that is not there"; exit 1; fi
grep -q nowhere err.txt
"$1/examples/05_learn_identity" 100 | grep -q 'norm-preserving path'
"$1/examples/06_verdict" 6 60 >verdict.txt 2>err.txt || { cat err.txt; exit 1; }
[ "$(grep -cE ' (confirmed|contributes|minor|refuted|undecided|not_applicable) ' verdict.txt)" -ge 11 ]
[ -s verdict/report.html ]
for wrong in 40x -1 0 '' 99999999999999999999 '40 40 40'; do
    for example in 01_build_train_inspect 05_learn_identity 06_verdict; do
        code=0
        # shellcheck disable=SC2086
        if [ -n "$wrong" ]; then "$1/examples/$example" $wrong >out.txt 2>err.txt || code=$?; else "$1/examples/$example" '' >out.txt 2>err.txt || code=$?; fi
        [ "$code" = 2 ] && grep -q "^usage: $example" err.txt || { echo "$example '$wrong': exit code $code"; exit 1; }
    done
done
code=0
"$1/examples/calibration" --threads x --list >out.txt 2>err.txt || code=$?
[ "$code" = 2 ] || { echo "calibration --threads x: exit code $code"; exit 1; }
sh "$2/examples/ffi/python/run.sh" "$1"
sh "$2/examples/ffi/luajit/run.sh" "$1"
