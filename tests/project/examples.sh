#!/bin/sh
# The other examples run and end well; those of other languages agree with C where their compiler is there.   examples.sh BUILD ROOT
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
"$1/examples/07_precision_law" 1 1 | grep -q '^ResNet-20; identity; trained; f8e5m2 '
[ "$(wc -l <precision_law.csv)" = 169 ] # four nets, with and without a skip and the difference, at the start and trained, seven formats
for wrong in 40x -1 0 '' 99999999999999999999 '40 40 40'; do
    for example in 01_build_train_inspect 05_learn_identity 06_verdict 07_precision_law; do
        code=0
        # shellcheck disable=SC2086
        if [ -n "$wrong" ]; then "$1/examples/$example" $wrong >out.txt 2>err.txt || code=$?; else "$1/examples/$example" '' >out.txt 2>err.txt || code=$?; fi
        [ "$code" = 2 ] && grep -q "^usage: $example" err.txt || { echo "$example '$wrong': exit code $code"; exit 1; }
    done
done

# ---- those that are programs: --help, --version, and wrong words, of each ------------------------------------------
for program in deepid-study deepid-tour deepid-deepen deepid-compare deepid-judge deepid-inspect deepid-calibration; do
    "$1/examples/$program" --help | grep -q "^usage: $program"
    "$1/examples/$program" --version | grep -qx "$program, deepid [0-9.]*"
    for wrong in --colour -x 'a b c d' --out --help=1 "--out="; do
        code=0
        # shellcheck disable=SC2086
        "$1/examples/$program" $wrong >out.txt 2>err.txt || code=$?
        [ "$code" = 2 ] && grep -q "^$program: " err.txt || { echo "$program $wrong: exit code $code"; cat err.txt; exit 1; }
    done
    if [ -w /dev/full ] && "$1/examples/$program" --help >/dev/full 2>err.txt; then echo "$program does not tell of a full disk"; exit 1; fi
done
# refused CODE SENTENCE PROGRAM WORDS...
refused() {
    expected=$1; sentence=$2; program=$3; shift 3
    code=0
    "$programs/$program" "$@" >out.txt 2>err.txt || code=$?
    [ "$code" = "$expected" ] && grep -qF -- "$sentence" err.txt || { echo "$program $*: exit code $code"; cat err.txt; exit 1; }
}
programs=$1/examples
refused 2 "--threads is 'x', expected a whole number from 0 to 1024" deepid-calibration --threads x --list
refused 2 "no set is called 'often'" deepid-calibration --set often
refused 2 "two folders are needed" deepid-compare one
refused 2 "a net and --data are needed" deepid-inspect "input 2; dense out=2"
refused 2 "unknown probe 'format'" deepid-inspect "input 2; dense out=2" --data spirals --probe format
refused 2 "f17" deepid-inspect "input 2; dense out=2" --data spirals --probe 'formats storage="bf16; f17"'
"$1/examples/deepid-inspect" "input 2; dense out=2" --data spirals --probe 'formats storage="bf16; f16"' --csv formats.csv | grep -q '^f16:net '
[ "$(cut -d , -f 1 formats.csv | tr '\n' ' ')" = "layer bf16:dense bf16:net f16:dense f16:net " ]
refused 2 "--kind: there is no 'weather'" deepid-tour --kind weather
refused 2 "give --net and --block together" deepid-tour --net "input 2; dense out=2"
refused 2 "--where is about a net" deepid-tour --where 1
refused 2 "not both" deepid-tour --csv --table
refused 2 "line 1" deepid-tour --net "input 2; danse out=2" --block "plain { dense out=2 }"
refused 2 "where is 9, expected 0 to 0" deepid-tour --net "input 2; dense out=2" --block "plain { dense out=2 }" --where 9
refused 2 "a net and --block are needed" deepid-deepen
refused 2 "--verify needs the samples" deepid-deepen --verify folder
refused 2 "--certificate needs samples" deepid-deepen net.onnx --block identity --certificate c
refused 1 "cannot open 'nothing.safetensors'" deepid-deepen nothing.safetensors --block identity

# ---- a net of one's own: asked of, made deeper, proved -------------------------------------------------------------
net="input 2; dense out=16; relu; 2 * plain { dense out=16; relu }; dense out=2"
[ "$("$programs/deepid-tour" --kind relu --csv | wc -l)" = 19 ]
"$programs/deepid-tour" --net "$net" --block "plain { dense out=16; relu }" --data spirals | grep -q '^E_BIT: on the 256 x 16 values'
"$programs/deepid-tour" --net "$net" --block "plain { dense out=16; tanh; dense out=16 }" | grep -q '^N: bounded'
refused 2 "bounded: tanh" deepid-deepen "$net" --block "plain { dense out=16; tanh; dense out=16 }"
[ ! -e deeper.safetensors ]
"$programs/deepid-deepen" "$net" --block "plain { dense out=16; relu }" --count 30 --data spirals --certificate proof --out deeper.safetensors >out.txt
grep -q '32 blocks .* bit for bit on these 256 samples' out.txt
"$programs/deepid-deepen" --verify proof --data spirals | grep -q '^0 numbers differ'
refused 2 "the data has hash" deepid-deepen --verify proof --data "spirals noise=0.2"
"$programs/deepid-deepen" deeper.safetensors --block "plain { dense out=16; tanh; dense out=16 }" --on-data --data spirals --samples 100 --out deepest.safetensors | grep -q 'these 100 samples'
refused 1 "cannot write '/nowhere/" deepid-deepen deeper.safetensors --block "plain { dense out=16; relu }" --out /nowhere/deep.safetensors
for language in python luajit cpp rust go; do
    sh "$2/examples/ffi/$language/run.sh" "$1"
done
