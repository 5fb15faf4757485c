# Two programs in turn, for the scripts of this folder: a quiet machine, rounds, medians. Read with `.`; not a program.
#   The script defines   ours, theirs   each runs one program, its output to standard output
#                        pair           prints "PEER OURS THEIRS" lines of $work/ours and $work/theirs, one a peer
#   and sets             work           a folder of its own;   ROUNDS   how many
# A round runs both, each in a fresh process, and gives one ratio peer / ours. A round during which other programs took more than DISTURBED cores is repeated.
DISTURBED=0.15
TRIES=4

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

# ---- one round: $work/round gets what pair prints, foreign the cores that others took

one_round() {
    wait_for_quiet
    own_seconds
    own_before=$own busy_before=$(busy_seconds) start=$(date +%s.%N)
    ours >"$work/ours"
    theirs >"$work/theirs" 2>"$work/said" || { cat "$work/said" >&2; return 1; }
    own_seconds
    foreign=$(awk -v busy="$(busy_seconds)" -v before="$busy_before" -v own="$own" -v own_before="$own_before" -v start="$start" -v end="$(date +%s.%N)" \
        'BEGIN { f = (busy - before - (own - own_before)) / (end - start); printf "%.3f", (f > 0 ? f : 0) }')
    pair >"$work/round"
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

# ---- ROW UNIT: a line for each round, into $work/rounds too; then the medians of what is there

all_rounds() {
    for round in $(seq "$ROUNDS"); do
        quiet_round
        cat "$work/round" >>"$work/rounds"
        awk -v row="$1" -v unit="$2" -v round="$round" -v foreign="$foreign" \
            '{ printf "row=%s round=%d peer=%s ours_%s=%s peer_%s=%s ratio=%.3f foreign_cores=%s\n", row, round, $1, unit, $2, unit, $3, $3 / $2, foreign }' "$work/round"
    done
}

medians() {
    awk -v row="$1" -v unit="$2" '
        function median(list,   n, a, i, j, t) { n = split(list, a, " "); for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j - 1] + 0 > a[j] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
            low = a[1]; high = a[n]; return (a[int((n + 1) / 2)] + a[int(n / 2) + 1]) / 2 }
        { if (!($1 in n)) order[++peers] = $1; n[$1]++; ours[$1] = ours[$1] " " $2; theirs[$1] = theirs[$1] " " $3; ratio[$1] = ratio[$1] " " $3 / $2 }
        END { for (i = 1; i <= peers; i++) { p = order[i]; r = median(ratio[p]); least = low; most = high
            printf "row=%s peer=%s rounds=%d ours_%s=%.4g peer_%s=%.4g ratio=%.3f ratio_min=%.3f ratio_max=%.3f\n", row, p, n[p], unit, median(ours[p]), unit, median(theirs[p]), r, least, most } }' "$work/rounds"
}
