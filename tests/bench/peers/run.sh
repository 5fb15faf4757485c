#!/bin/sh
# The library and its peer in turn, row by row.   run.sh BUILD_DIR PYTHON ROW...     ROUNDS=5 (or more) in the environment
#   rows: train20 train20_1t train56 train110 train20_b1 train20_b8 train20_b32 exact20 bf16 storage20 storage20_eager f64 infer128 infer1; all
# The peer gets the allocator that suits it best; the library the system's as it is. Prints a line of key=value for each round, and one with the medians of each row and peer. What a round is: rounds.sh
set -eu
export LC_ALL=C
ROUNDS=${ROUNDS:-5}
ALL="train20 train20_1t train56 train110 train20_b1 train20_b8 train20_b32 exact20 bf16 storage20 storage20_eager f64 infer128 infer1"

[ $# -ge 3 ] || { echo "usage: run.sh BUILD_DIR PYTHON ROW...; rows: $ALL, or all" >&2; exit 2; }
[ "$ROUNDS" -ge 5 ] || { echo "ROUNDS is $ROUNDS, expected 5 or more" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
step=$1/tests/bench_step
python=$2
shift 2
[ -x "$step" ] || { echo "$step is not there: build the tests first" >&2; exit 2; }
"$python" -c 'import torch' || { echo "$python has no torch" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/rounds.sh"
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
export PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore TORCHINDUCTOR_COMPILE_THREADS=1 # 1: its processes stay ours to count

# ---- rows: the options of bench_step, and the peer's program with its options

row_options() {
    net=20 batch=128 threads=2 dtype=f32 storage=f32 mode=train exact=0 frozen=0 peer=
    case $1 in
    train20) ;;
    train20_1t) threads=1 ;;
    train56) net=56 ;;
    train110) net=110 ;;
    train20_b1) batch=1 ;;
    train20_b8) batch=8 ;;
    train20_b32) batch=32 ;;
    exact20) exact=1 ;;
    bf16) peer="--dtype bf16 --compile" ;;
    storage20) storage=bf16 peer="--dtype bf16 --compile" ;;
    storage20_eager) storage=bf16 peer="--dtype bf16" ;;
    f64) dtype=f64 peer="--dtype f64" ;;
    infer128) mode=infer frozen=1 ;;
    infer1) mode=infer batch=1 frozen=1 ;;
    *) echo "unknown row '$1'; known: $ALL" >&2; return 1 ;;
    esac
}

ours() {
    "$step" --mode $mode --net resnet$net --batch $batch --threads $threads --dtype $dtype --storage $storage --exact $exact --frozen $frozen --rounds 15
}

theirs() {
    MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456 "$python" "$here/$mode.py" --depth $net --batch $batch --threads $threads $peer
}

pair() {
    awk 'function value(key,   i) { for (i = 1; i <= NF; i++) if (index($i, key "=") == 1) return substr($i, length(key) + 2) }
         FNR == NR { ours = value("ms"); next }
         value("peer") { print value("peer"), ours, value("ms") }' "$work/ours" "$work/theirs"
}

[ "$1" != all ] || set -- $ALL
for row in "$@"; do
    row_options "$row"
done
for row in "$@"; do
    row_options "$row"
    : >"$work/rounds"
    all_rounds "$row" ms
    medians "$row" ms
done
