#!/usr/bin/env python3
"""Prints the figures of the house: how long functions are, what stands twice, who calls whom in a circle.

    python3 tests/project/figures.py [ROOT] [--list]

--list also names the functions over 60 lines, the copies, the places and the circles. Functions are found by clang-format's layout: a name at
the left margin, braces at the left margin.
"""
import collections
import glob
import os
import re
import statistics
import sys

LONG = 60
FOLDERS = ("lib", "examples", "tests")

Function = collections.namedtuple("Function", "file line name lines static body text")


def read(path):
    with open(path) as file:
        return file.read()


def without_comments(text):
    keep = lambda found: found.group(0) if found.group(0)[0] in "\"'" else " "
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', keep, text, flags=re.S)


def functions_of(path):
    """Each function defined in the file; body: its words alone, without comments, its own name and white space."""
    lines = read(path).split("\n")
    own = set(re.findall(r"^static (?:[\w *]*?)\b(\w+)(?:\(|\[|;| =)", "\n".join(lines), flags=re.M))
    start = 0
    for i, line in enumerate(lines):
        if line == "{":
            start = i
            while start > 0 and lines[start - 1] and lines[start - 1][0] not in "}#/;" and not lines[start - 1].endswith((";", "*/", "}")):
                start -= 1
            head = " ".join(lines[start:i])
            name = re.search(r"(\w+)\s*\(", head)
            end = next(j for j in range(i, len(lines)) if lines[j].startswith("}"))
            if name and lines[end] == "}":
                text = without_comments("\n".join(lines[start : end + 1]))
                # what a static name means is its file's affair: a function that says one is no copy of another file's
                said = re.sub(r"\b\w+\b", lambda w: f"{path}:{w.group(0)}" if w.group(0) in own and w.group(0) != name.group(1) else w.group(0), text)
                body = "".join(re.sub(rf"\b{name.group(1)}\b", "@", said.replace("static ", "").replace("inline ", "")).split())
                yield Function(path, start + 1, name.group(1), end - start + 1, "static" in head, body, text)


def circles(edges):
    """Sets of more than one file that reach each other (Tarjan's strong components, by reachability since the graphs are small)."""
    reach = {}
    for first in edges:
        seen, ahead = set(), [first]
        while ahead:
            for next_one in edges.get(ahead.pop(), ()):
                if next_one not in seen:
                    seen.add(next_one)
                    ahead.append(next_one)
        reach[first] = seen
    found = {frozenset(b for b in reach[a] if a in reach.get(b, ())) for a in edges if a in reach[a]}
    return [sorted(group) for group in found if len(group) > 1]


def unit(path):
    return re.sub(r"\.[ch]$", "", path)


def call_circles(functions):
    owner = {f.name: unit(f.file) for f in functions if not f.static}
    edges = collections.defaultdict(set)
    for f in functions:
        called = re.sub(r'"(?:\\.|[^"\\\n])*"', "", f.text)  # a sentence that names a function calls nobody
        for word in set(re.findall(r"\b(?:dpid|deepid)_\w+", called)):
            if owner.get(word, unit(f.file)) != unit(f.file):
                edges[unit(f.file)].add(owner[word])
    return circles(edges)


def include_circles(files):
    edges = {path: {"lib/" + name for name in re.findall(r'#include "([^"]+)"', read(path))} for path in files}
    return circles(edges)


def surplus_copies(functions):
    """Functions of the same words, whatever their names: all but one of each are surplus."""
    same = collections.defaultdict(list)
    for f in functions:
        same[f.body].append(f)
    return [group for group in same.values() if len(group) > 1]


def word_places(files, words):
    pattern = re.compile(r'"(?:%s)"' % "|".join(words))
    comparison = re.compile(r'str\w*cmp\([^;]*?"(?:%s)"\)' % "|".join(words))
    literal = {path: len(pattern.findall(without_comments(read(path)))) for path in files}
    return literal, sum(len(comparison.findall(read(path))) for path in files)


def main():
    listed = "--list" in sys.argv
    places = [a for a in sys.argv[1:] if a != "--list"]
    os.chdir(places[0] if places else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    files = sorted(path for folder in FOLDERS for path in glob.glob(folder + "/**/*.[ch]", recursive=True))
    library = [path for path in files if path.startswith("lib/")]
    functions = [f for path in files for f in functions_of(path)]
    ours = [f for f in functions if f.file.startswith("lib/")]
    lengths = sorted(f.lines for f in ours)
    print(f"lib: {len(library)} files, {sum(read(path).count(chr(10)) for path in library)} lines, {len(ours)} functions")
    print(f"lib: longest function {lengths[-1]} lines, median {statistics.median(lengths):g}, p90 {lengths[len(lengths) * 9 // 10]}")

    def figure(what, items):
        print(f"{what}: {len(items)}")
        for item in items if listed else ():
            print("   ", item)

    figure(f"functions over {LONG} lines, in {', '.join(FOLDERS)}", [f"{f.file}:{f.line} {f.name} {f.lines}" for f in functions if f.lines > LONG])
    groups = surplus_copies(functions)
    print(f"surplus copies of functions: {sum(len(g) - 1 for g in groups)} ({sum(len(g) - 1 for g in surplus_copies(ours))} in lib)")
    for group in groups if listed else ():
        print("   ", group[0].lines, "lines:", " ".join(f"{f.name}@{f.file}:{f.line}" for f in group))
    names = collections.Counter(f.name for f in functions if f.static)
    print("static names in most files: " + ", ".join(f"{name} {count}" for name, count in names.most_common(8) if name != "main"))
    kinds = sorted(os.path.basename(folder) for folder in glob.glob("lib/ops/*") if os.path.isdir(folder))
    literal, comparisons = word_places([path for path in library if not path.startswith("lib/ops/")], kinds)
    print(f"comparisons with a layer's word outside lib/ops: {comparisons}")
    print(f"all mentions of a layer's word outside lib/ops: {sum(literal.values())} in {sum(map(bool, literal.values()))} files")
    for path in literal if listed else ():
        if literal[path]:
            print("   ", path, literal[path])
    figure("circles of files that include each other, in lib", include_circles(library))
    figure("circles of files that call each other, in lib", call_circles(ours))


main()
