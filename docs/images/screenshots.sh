#!/bin/sh
# The pictures of a report that README shows, from the default study.   screenshots.sh DEPTH_STUDY   (half a minute; needs chromium and a PYTHON with PIL)
# Of a folder that deepid-judge has judged: OUT=FOLDER NAME=transformer- screenshots.sh
set -eu
program=${1:+$(realpath "$1")}
out=${OUT:+$(realpath "$OUT")} # one that is done
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${out:-$work/study}
python=${PYTHON:-python3}
[ -z "$program" ] || "$program" --out "$out" -q >"$work/answer"

# from BEGIN to END of the report's body, below its style and with little air above
part() {
    "$python" - "$out/report.html" "$1" "$2" <<'PYTHON'
import sys
page, begin, end = open(sys.argv[1]).read(), sys.argv[2], sys.argv[3]
at = page.index(begin)
print(page[: page.index("</head>")] + "<style>main{padding-top:8px}</style></head><body><main>" + page[at : page.index(end, at) + len(end)] + "</main></body></html>")
PYTHON
}

picture() { # FILE.html HEIGHT PICTURE.png: 1070 wide, of 64 colours
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-color-profile=srgb --user-data-dir="$work/browser" \
        --window-size="1070,$2" --screenshot="$work/shot.png" "file://$1" 2>"$work/log" || { cat "$work/log"; exit 1; }
    "$python" -c 'import sys; from PIL import Image; Image.open(sys.argv[1]).convert("RGB").quantize(64).save(sys.argv[2], optimize=True)' "$work/shot.png" "$3"
}

part "<header" "</main>" >"$work/answer.html"
picture "$work/answer.html" "${HEIGHT:-800}" "${NAME:-}answer.png"
part "<figure" "</figure>" >"$work/curves.html"
picture "$work/curves.html" 420 "${NAME:-}curves.png"
