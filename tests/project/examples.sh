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
[ "$(grep -cE ' (confirmed|contributes|refuted|undecided|not_applicable) ' verdict.txt)" = 10 ]
[ -s verdict/report.html ]
sh "$2/examples/ffi/python/run.sh" "$1"
sh "$2/examples/ffi/luajit/run.sh" "$1"
