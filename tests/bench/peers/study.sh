#!/bin/sh
# depth_study, the whole program, and the same recipe in PyTorch in turn.   study.sh BUILD_DIR PYTHON DATA_FOLDER     DATA_FOLDER: of IDX files, gzipped
#   A class-balanced part of the pictures is drawn first, by study_data.py: both programs take the whole of it, so that their losses can be compared.
#   Arms S, D and D_res by the recipe's rate: no tuning, no probes, which the peer has not. Both read the files, train one net a core, look at the losses on the way, keep the nets and write results.
# In the environment: ROUNDS=5; KEEP=FILE: rounds are added to the file and medians are of all in it, so that a run of five can be five runs with ROUNDS=1 (without it: five or more);
# SAMPLES=1000 EPOCHS=6 SEEDS=2 DEPTHS=8,32 WIDTH=8; PEER="--processes 2 --threads 1": how PyTorch uses the cores.
# Prints a line of key=value for each round and one with the medians, in seconds; then the final losses of each net in the last round. What a round is: rounds.sh
set -eu
export LC_ALL=C
ROUNDS=${ROUNDS:-5} KEEP=${KEEP:-} SAMPLES=${SAMPLES:-1000} EPOCHS=${EPOCHS:-6} SEEDS=${SEEDS:-2} DEPTHS=${DEPTHS:-8,32} WIDTH=${WIDTH:-8}
PEER=${PEER:---processes 2 --threads 1}

[ $# -eq 3 ] || { echo "usage: study.sh BUILD_DIR PYTHON DATA_FOLDER" >&2; exit 2; }
[ "$ROUNDS" -ge 5 ] || [ "$KEEP" ] || { echo "ROUNDS is $ROUNDS, expected 5 or more, or KEEP=FILE to add them up" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
study=$1/examples/depth_study
python=$2
data=$3
[ -x "$study" ] || { echo "$study is not there: build the examples first" >&2; exit 2; }
"$python" -c 'import torch' || { echo "$python has no torch" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/rounds.sh"
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
export PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore

seconds_of() { # COMMAND...: its wall time is all that is printed
    begin=$(date +%s.%N)
    "$@" >"$work/printed" 2>"$work/said" || { cat "$work/said" >&2; return 1; }
    awk -v begin="$begin" -v end="$(date +%s.%N)" 'BEGIN { printf "%.3f\n", end - begin }'
}

ours() {
    rm -rf "$work/study"
    seconds_of "$study" --data "idx:$work/data" --samples "$SAMPLES" --epochs "$EPOCHS" --seeds "$SEEDS" --depths "$DEPTHS" --width "$WIDTH" --blocks plain --arms S,D,D_res --tuning 0 --probes 0 --out "$work/study"
}

theirs() {
    MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456 \
        seconds_of "$python" "$here/study.py" "$work/data" "$work/peer" --epochs "$EPOCHS" --seeds "$SEEDS" --depths "$DEPTHS" --width "$WIDTH" $PEER
}

pair() {
    echo "torch $(cat "$work/ours") $(cat "$work/theirs")"
}

"$python" "$here/study_data.py" "$data" "$work/data" "$SAMPLES"
: >"$work/rounds"
all_rounds study s
if [ "$KEEP" ]; then
    cat "$work/rounds" >>"$KEEP"
    cp "$KEEP" "$work/rounds"
fi
medians study s
"$python" "$here/study_beside.py" "$work/study" "$work/peer"
