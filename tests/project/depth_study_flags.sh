#!/bin/sh
# Every flag of depth_study beyond the plain ones: data, recipe, margins, a file of flags, what is printed where; and what is refused leaves no folder.   depth_study_flags.sh PROGRAM
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
nets="--depths 2,4 --blocks plain"
die() { echo "depth_study_flags: $*"; cat out err; exit 1; }
# shellcheck disable=SC2086
small() { "$program" $nets --seeds 2 --tuning 0 --probes 0 --arms S,D,W0 --steps 20 "$@" >out 2>err; }
done_as() { # WORDS FLAGS...: it ends well, and says WORDS on standard error
    words=$1; shift
    small "$@" || die "exit code $?: $*"
    grep -q -e "$words" err || die "no '$words': $*"
}
refused() { # CODE WORDS FLAGS...: a sentence, and nothing is written
    code=$1; words=$2; shift 2
    got=0; small --out refused "$@" || got=$?
    [ "$got" = "$code" ] || die "exit code $got, expected $code: $*"
    grep -q -e "$words" err || die "no '$words': $*"
    [ ! -e refused ] || die "a folder is left: $*"
}
setting() { grep -q "\"$2\": \"$3" "$1/study.json" || { grep "\"$2\"" "$1/study.json"; die "$1: $2 is not $3"; }; }

awk 'BEGIN { for (i = 0; i < 40; i++) printf "%d,%d,%d\n", i % 7, i % 5, i % 2 }' >train.csv
awk 'BEGIN { for (i = 0; i < 12; i++) printf "%d,%d,%d\n", i % 5, i % 3, i % 2 }' >valid.csv

# data: what is validated on, how values are scaled, labels that are changed
done_as '^30 training samples of 2 features, 2 classes of 50 % each; values normalised: feature$' --data csv:train.csv --out plain
grep -qx 'csv:train.csv: 40 rows of 3 columns between commas, no names; label column 3' err || die "what was read of a table"
grep -q '^10 validation samples, 2 classes of 50 % each$' err || die "the validation samples"
done_as '^12 validation samples' --data csv:train.csv --valid csv:valid.csv --out valid
grep -q '^40 training' err || die "--valid takes training samples"
grep -q '^csv:valid.csv: 12 rows' err || die "what was read to validate on"
done_as '^16 validation samples' --data csv:train.csv --holdout 0.4 --out holdout
done_as '^no validation samples' --data csv:train.csv --holdout 0 --out none
grep -q 'validation' out && grep -q 'validation loss  ' out && die "a table of validation losses without validation"
done_as 'values as they are$' --data csv:train.csv --normalise no --out raw
done_as 'values normalised: global$' --data csv:train.csv --normalise global --out global
done_as 'values normalised: feature$' --data "spirals n=64" --normalise yes --out yes
done_as '20 % of the labels changed' --data csv:train.csv --noise 0.2 --out noise
grep -q '20 % of the training labels were changed to another class' noise/report.html || die "the report does not tell of the noise"
[ "$(grep -h '"train"' plain/study.json noise/study.json raw/study.json | sort -u | wc -l)" = 3 ] || die "other data, the same hash"

# words for classes and categories: told, in study.json and in the report; other data to validate on have the same numbers
awk 'BEGIN { print "id;colour;x;kind"; for (i = 0; i < 40; i++) printf "%d;%s;%d,5;%s\n", i, i % 3 ? "red" : "blue", i % 7, i % 2 ? "yes" : "no" }' >words.csv
sed -n '1p;3p;5p;9p' words.csv >few.csv
done_as '^40 training samples of 3 features, 2 classes of 50 % each' --data 'csv:words.csv decimal=, drop=id' --valid 'csv:few.csv decimal=, drop=id' --out texts
grep -q '^3 validation samples, 2 classes (no: 0 %, yes: 100 %)$' err || die "validation data have other classes"
setting texts about '40 rows of 4 columns between semicolons, names in the first row, decimal commas; label kind: no = 0, yes = 1; dropped: id; colour in 2 features: blue, red"'
grep -q '"classes": \["no", "yes"\]' texts/study.json || die "study.json lacks the classes"
grep -q 'The data: 40 rows of 4 columns' texts/report.html || die "the report does not tell what was read"
done_as '^40 training samples of 5 features, 1 target each' --data 'csv:words.csv decimal=, targets=x' --holdout 0 --out targets
grep -q 'targets normalised, losses are of z: x = [0-9.]* + [0-9.]* z$' err || die "the units of targets are not told"
grep -q 'losses are of z' targets/report.html || die "the report does not tell the units of targets"
grep -q 'training R^2$' out && grep -q 'R² *: *[-−0-9]\|R²: ' out || die "no R² of targets"
done_as 'kind in 2 features: no, yes$' --data 'csv:words.csv decimal=, targets=x' --holdout 0 --raw-targets --out raw-targets
done_as "^warning: training data: The first column ('id') counts the rows" --data 'csv:words.csv decimal=,' --out index

# what is wrong with the data is told, quiet or not
awk 'BEGIN { for (i = 0; i < 40; i++) printf "%g,%d,%d\n", i % 7 * 1e7, i % 5, i % 2 }' >scales.csv
awk 'BEGIN { for (i = 0; i < 40; i++) printf "%d,%d,0\n", i % 7, i % 5 }' >one.csv
done_as '^warning: training data: The scales of the inputs differ' --data csv:scales.csv --normalise no -q --out scales
refused 2 'all 30 samples have label 0: there is nothing to tell apart; label=... names another column' --data csv:one.csv
refused 2 'all 30 samples have the same target: there is nothing to learn' --data 'csv:one.csv targets=3'

# weights of classes
done_as tasks --data csv:train.csv --loss 'cross_entropy weights=balanced' --out weights
setting weights loss 'cross_entropy weights=balanced'
refused 2 '3 weights, expected one for each of the 2 classes' --data csv:train.csv --loss 'cross_entropy weights=1,2,3'

# the recipe
done_as tasks --data csv:train.csv --loss 'cross_entropy smoothing=0.1' --schedule 'cosine floor=0.1' --out recipe
setting recipe loss 'cross_entropy smoothing=0.1'
setting recipe schedule 'cosine floor=0.1'

# margins: every word of the list is taken; the folder stays, the verdict is new
"$program" --margin help >words
grep -q '^margin_share ' words || die "--margin help"
while read -r word rest; do
    default=$(echo "$rest" | sed -n 's/.*default \([0-9.]*[0-9]\).*/\1/p')
    done_as tasks --data csv:train.csv --margin "$word=$default" --out plain
done <words
done_as tasks --data csv:train.csv --margin 0.9 --out plain
cp plain/verdict.json first.json
done_as tasks --data csv:train.csv --margin margin_share=0.9,level=0.95 --out plain
cmp first.json plain/verdict.json || die "a number alone is not the margin of the loss"

# where things are printed
small --data csv:train.csv --json --out plain || die "--json"
cmp out plain/verdict.json || die "--json prints another thing than verdict.json"
grep -q '^report: plain/report.html$' err || die "--json: the words are not on standard error"
small --data csv:train.csv --json --quiet --out plain && cmp out plain/verdict.json && [ ! -s err ] || die "--json --quiet"
small --data csv:train.csv -q --out plain && [ ! -s err ] && tail -n 1 out | grep -qx 'report: plain/report.html' || die "-q"
grep -q ' refuted' out && die "-q prints more than the answer"
small --data csv:train.csv --verbose --out loud || die "--verbose"
grep -q '^  D_3T  *left out: it was not asked for$' err && grep -q 's  6 of 6 tasks' err || die "--verbose"
"$program" -h >help && grep -q -e '--config FILE' help || die "-h"

# a file of flags; the command line wins over it; the command that is kept stands without it
printf '# a study\ndata csv:train.csv\n\n--depths = 2,4 # first and last\nblocks plain\r\nseeds=3\ntuning 0\nprobes 0\n arms "S,D,W0"\nepochs 5\nquiet\n' >flags
"$program" --config flags --seeds 2 --steps 20 --out config >out 2>err || die "--config"
[ ! -s err ] || die "quiet in a file"
grep -q '"replay": "depth_study --data csv:train.csv --depths 2,4 --blocks plain --arms S,D,W0 --seeds 2 --tuning 0 --probes 0 --steps 20 --out config"' config/study.json || die "the command that repeats it: $(grep replay config/study.json)"
bad() { # LINE WORDS
    printf 'data spirals\n%s\n' "$1" >flags
    refused 2 "flags, line 2: $2" --config flags
}
bad 'seed 3' 'unknown flag seed; nearest: --seeds'
bad 'lr zero' "--lr is 'zero', expected a number above 0"
bad 'lr' "'lr' has no value"
bad 'quick yes' "'quick' takes no value"
bad 'config other' "'config' is for the command line"
refused 2 "--seeds is '100001', expected a whole number from 1 to 100000" --seeds 100001
refused 2 "cannot read 'nowhere': No such file" --config nowhere
refused 2 "cannot read '.': Is a directory" --config .

# whole words alone; what is refused is refused before a folder is made
refused 2 'unknown flag --seed; nearest: --seeds' --seed 3
refused 2 'unknown flag --normalize; nearest: --normalise' --normalize no
refused 2 'unknown flag -x' -x
refused 2 'missing value: --lr' --lr --seeds 3
refused 2 '--json takes no value' --json=1
refused 2 "expected a share from 0 (none) to 0.9" --holdout 1
refused 2 "expected a share from 0 to 1" --noise 1.5
refused 2 'give --valid or --holdout, not both' --valid csv:valid.csv --holdout 0.1
refused 2 'give --quiet or --verbose, not both' -q --verbose
refused 2 "there is no 'margin_shar'; nearest: margin_share" --margin margin_shar=1
refused 2 "margin_share is 'x', expected a number" --margin x
refused 2 "margin_share is 2, expected 0 to 1" --margin 2
refused 2 "is not WORD=X" --margin 0.1,level=0.9
refused 2 "unknown initialisation 'hee'" --init hee
refused 2 "unknown optimizer 'adm'" --optimizer adm
refused 2 "unknown loss 'cross'" --loss cross
refused 2 "unknown schedule 'steps'" --schedule steps
refused 2 "unknown normalisation 'maybe'" --normalise maybe
refused 2 "unknown arm 'D_star'" --arms D_star
refused 2 "augmentation" --augmentation 'crop pad=4'
refused 2 "no labels\|takes labels\|targets" --loss squared_error
refused 2 "expected at least 2 (a larger batch)" --batch 1
refused 2 "train has samples of" --data csv:train.csv --valid "gratings n=16"
refused 1 "cannot open" --valid csv:nowhere.csv

# the sentence begins with the flag, and from a file with the line that has it
begins() { # WORDS FLAGS...
    words=$1; shift
    refused 2 "^depth_study: $words" "$@"
}
mine="input 2; dense out=8; relu; dense out=2"
begins "--init: column 1: unknown initialisation 'hee'" --init hee
begins "--init: column 4: unknown option of he" --init 'he gian=2'
begins '--init: ' --init fixup
begins '--optimizer: column 5: ' --optimizer 'sgd momentun=0.9'
begins '--schedule: column 9: step: at is 2' --schedule 'step at=2'
begins '--loss: column 1: unknown loss' --loss cross
begins '--loss: ' --loss squared_error
begins '--storage: column 1: unknown storage' --storage half
begins '--storage: net: storage is bf16, and the net computes in f64' --storage bf16 --dtype f64
begins '--loss-scale: column 1: unknown loss scale' --loss-scale big
begins '--augmentation: ' --augmentation 'crop pad=4'
begins '--arms: column 3: unknown arm' --arms S,D_star
begins '--batch: ' --batch 1000
begins '--data: ' --data 'spirals m=3'
begins '--valid: ' --valid 'spirals m=3'
begins '--valid: train has samples of 2, valid of' --valid 'gratings n=16'
begins '--normalise: ' --normalise 'maybe'
begins '--margin: level is 2, expected' --margin level=2
nets=
begins "--shallow: column 10: unknown layer or block 'dnse'" --shallow "input 2; dnse out=8" --deep "$mine"
begins "--deep: line 2, column 1: unknown layer or block 'rely'" --shallow "$mine" --deep "input 2;
rely; dense out=2"
begins "--net: column 10: unknown layer or block 'dnse'" --net "input 2; dnse out=8; {depth} * {block} { dense out=8; relu }" --depths 2,4
begins '--depths: depth is 9, expected 6n + 2' --data 'gratings n=16' --depths 9,15
nets="--depths 2,4 --blocks plain"
bad 'init hee' "--init: column 1: unknown initialisation 'hee'"
bad 'schedule "step at=2"' '--schedule: column 9: step: at is 2'
bad 'data "spirals m=3"' '--data: '

# the quick form decides
"$program" --quick --out quick >out 2>err || die "--quick"
grep -q 'solver  *confirmed' out || die "--quick does not decide"
echo "depth_study_flags: as documented"
