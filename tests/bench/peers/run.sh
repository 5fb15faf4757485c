#!/bin/sh
# The library and its peer in turn, row by row.   run.sh BUILD_DIR PYTHON ROW...     ROUNDS=5 (or more) in the environment
#   rows: train20 train20_1t train56 train110 train20_b1 train20_b8 train20_b32 exact20 bf16 f64 infer128 infer1; all
# Each round runs both, each in a fresh process, and gives one ratio peer / ours. A round during which other programs took more than DISTURBED cores is repeated. The peer gets the allocator that suits
# it best; the library the system's as it is. Prints a line of key=value for each round, and one with the medians of each row and peer.
set -eu
export LC_ALL=C
ROUNDS=${ROUNDS:-5}
DISTURBED=0.15
TRIES=4
ALL="train20 train20_1t train56 train110 train20_b1 train20_b8 train20_b32 exact20 bf16 f64 infer128 infer1"

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
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
export PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore TORCHINDUCTOR_COMPILE_THREADS=1 # 1: its processes stay ours to count

# ---- rows: the options of bench_step, and the peer's program with its options

row_options() {
    net=20 batch=128 threads=2 dtype=f32 mode=train exact=0 frozen=0 peer=
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
    f64) dtype=f64 peer="--dtype f64" ;;
    infer128) mode=infer frozen=1 ;;
    infer1) mode=infer batch=1 frozen=1 ;;
    *) echo "unknown row '$1'; known: $ALL" >&2; return 1 ;;
    esac
}

ours() {
    "$step" --mode $mode --net resnet$net --batch $batch --threads $threads --dtype $dtype --exact $exact --frozen $frozen --rounds 15
}

theirs() {
    MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456 "$python" "$here/$mode.py" --depth $net --batch $batch --threads $threads $peer
}

# ---- a quiet machine: seconds of all processors at work, and of our own finished processes

busy_seconds() {
    awk -v hz="$(getconf CLK_TCK)" '/^cpu /{print ($2 + $3 + $4 + $7 + $8) / hz}' /proc/stat
}

# Sets own. `times` counts the children of the shell that runs it, so no subshell here.
own_seconds() {
    times >"$work/times"
    own=$(awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, part, "m"); s += 60 * part[1] + part[2] } print s }' "$work/times")
}

wait_for_quiet() {
    for _ in $(seq 60); do
        before=$(busy_seconds)
        sleep 1
        if awk -v a="$before" -v b="$(busy_seconds)" 'BEGIN { exit !(b - a < 0.08) }'; then
            return
        fi
    done
    echo "the machine did not become quiet within a minute" >&2
}

# ---- one round: $work/round gets "peer our_ms peer_ms" lines, foreign the cores that others took

one_round() {
    wait_for_quiet
    own_seconds
    own_before=$own busy_before=$(busy_seconds) start=$(date +%s.%N)
    ours >"$work/ours"
    theirs >"$work/theirs" 2>"$work/said" || { cat "$work/said" >&2; return 1; }
    own_seconds
    foreign=$(awk -v busy="$(busy_seconds)" -v before="$busy_before" -v own="$own" -v own_before="$own_before" -v start="$start" -v end="$(date +%s.%N)" \
        'BEGIN { f = (busy - before - (own - own_before)) / (end - start); printf "%.3f", (f > 0 ? f : 0) }')
    awk 'function value(key,   i) { for (i = 1; i <= NF; i++) if (index($i, key "=") == 1) return substr($i, length(key) + 2) }
         FNR == NR { ours = value("ms"); next }
         value("peer") { print value("peer"), ours, value("ms") }' "$work/ours" "$work/theirs" >"$work/round"
    [ -s "$work/round" ] || { echo "no peer was timed: $(cat "$work/said")" >&2; return 1; }
}

quiet_round() {
    for try in $(seq $TRIES); do
        one_round
        if awk -v f="$foreign" -v most=$DISTURBED 'BEGIN { exit !(f <= most) }'; then
            return
        fi
        echo "round repeated or kept as it is (try $try of $TRIES): others took $foreign cores" >&2
    done
}

medians() {
    awk -v row="$1" '
        function median(list,   n, a, i, j, t) { n = split(list, a, " "); for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j - 1] + 0 > a[j] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
            low = a[1]; high = a[n]; return (a[int((n + 1) / 2)] + a[int(n / 2) + 1]) / 2 }
        { if (!($1 in n)) order[++peers] = $1; n[$1]++; ours[$1] = ours[$1] " " $2; theirs[$1] = theirs[$1] " " $3; ratio[$1] = ratio[$1] " " $3 / $2 }
        END { for (i = 1; i <= peers; i++) { p = order[i]; r = median(ratio[p]); least = low; most = high
            printf "row=%s peer=%s rounds=%d ours_ms=%.4g peer_ms=%.4g ratio=%.3f ratio_min=%.3f ratio_max=%.3f\n", row, p, n[p], median(ours[p]), median(theirs[p]), r, least, most } }' "$work/rounds"
}

[ "$1" != all ] || set -- $ALL
for row in "$@"; do
    row_options "$row"
done
for row in "$@"; do
    row_options "$row"
    : >"$work/rounds"
    for round in $(seq "$ROUNDS"); do
        quiet_round
        cat "$work/round" >>"$work/rounds"
        awk -v row="$row" -v round="$round" -v foreign="$foreign" '{ printf "row=%s round=%d peer=%s ours_ms=%s peer_ms=%s ratio=%.3f foreign_cores=%s\n", row, round, $1, $2, $3, $3 / $2, foreign }' "$work/round"
    done
    medians "$row"
done
