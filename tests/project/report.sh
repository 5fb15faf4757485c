#!/bin/sh
# The report of the main job is one sound file: well-formed, small, without scripts, links, or words where numbers belong; the same twice.   report.sh PROGRAM
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$program" --quick --out "$work/out" >/dev/null 2>&1
page=$work/out/report.html
bytes=$(wc -c <"$page")
[ "$bytes" -lt 400000 ] || { echo "the report has $bytes bytes, expected fewer than 400000"; exit 1; }
banned='<script|://|NaN|>-?nan<|>-?inf<|undefined|[0-9]e-[0-9]+[^0-9a-z]'
if grep -qE "$banned" "$page"; then echo "the report holds what it must not: $(grep -oE ".{0,60}($banned)" "$page" | head -n 3)"; exit 1; fi
python3 - "$page" <<'END'
import re, sys, xml.etree.ElementTree as tree

text = open(sys.argv[1], encoding="utf-8").read()
page = tree.fromstring(text)
faults = []
figures = list(page.iter("figure"))
if not figures:
    faults.append("no figure")
for figure in figures:
    headline = "".join(figure.find("figcaption/b").itertext())
    for svg in figure.iter("svg"):
        marks = [e for e in svg.iter() if e.tag in ("path", "rect") or e.get("class", "").startswith("interval")]
        if not marks:
            faults.append("no marks in: " + headline)
        if not svg.get("aria-label"):
            faults.append("no aria-label in: " + headline)
        if not svg.get("viewBox") or svg.get("width"):
            faults.append("no viewBox, or a fixed size, in: " + headline)
        for mark in marks:
            if mark.find("title") is None or not mark.find("title").text:
                faults.append("a mark without a title in: " + headline)
                break
for element in page.iter():
    for key, value in element.attrib.items():
        if key in ("x", "y", "x1", "y1", "x2", "y2", "d", "width", "height") and re.search("nan|inf", value):
            faults.append("%s of %s is %s" % (key, element.tag, value))
    if element.tag in ("img", "link", "script", "iframe", "object", "use", "image"):
        faults.append("an element that loads: " + element.tag)
for name in ("prefers-color-scheme:dark", "@media print", "max-width:720px"):
    if name not in text:
        faults.append("the style sheet has no " + name)
if faults:
    sys.exit("\n".join(faults))
print("report: %d figures, %d bytes, well-formed" % (len(figures), len(text)))
END
cp "$page" "$work/first.html"
rm "$page"
"$program" --quick --out "$work/out" >/dev/null 2>&1
cmp "$work/first.html" "$page" || { echo "the same command made another report"; exit 1; }
