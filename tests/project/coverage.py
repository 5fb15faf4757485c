#!/usr/bin/env python3
"""Lines of lib/ that a run of the tests in BUILD, compiled with --coverage, has reached; fails below FLOOR percent.

    python3 tests/project/coverage.py BUILD FLOOR [--list]

A file that is compiled for several precisions and instruction sets counts once: a line is reached where one of them reached it.
--list names the lines that were not reached.
"""
import collections
import json
import os
import re
import subprocess
import sys

BATCH = 64  # objects for one call of gcov


def counts_of(build):
    """{file: {line: how often}}"""
    counts = collections.defaultdict(dict)
    notes = [os.path.join(folder, name) for folder, _, names in os.walk(build) for name in names if name.endswith(".gcno") and "/deepid_objects" in folder]
    for first in range(0, len(notes), BATCH):
        out = subprocess.run(["gcov", "--json-format", "--stdout", *notes[first : first + BATCH]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        for document in map(json.loads, out.splitlines()):
            for file in document["files"]:
                lines = counts[os.path.join(document["current_working_directory"], file["file"])]
                for line in file["lines"]:
                    lines[line["line_number"]] = max(line["count"], lines.get(line["line_number"], 0))
    return counts


def main():
    build, floor = sys.argv[1], float(sys.argv[2])
    library = os.path.join(os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")), "lib") + os.sep
    reached = total = 0
    rows = []
    for path, lines in counts_of(build).items():
        path = os.path.realpath(path)
        if path.startswith(library):
            missed = sorted(n for n in lines if not lines[n])
            total += len(lines)
            reached += len(lines) - len(missed)
            rows.append((len(missed), path[len(library) :], missed))
    if not total:
        sys.exit(f"no coverage in {build}: is it compiled with --coverage?")
    for count, path, missed in sorted(rows, reverse=True)[: None if "--list" in sys.argv else 20]:
        if count:
            print(f"{count:5} {path}" + (f": {re.sub('[][]', '', str(missed))}" if "--list" in sys.argv else ""))
    share = 100 * reached / total
    print(f"coverage: {share:.2f} % of {total} lines of lib/, floor {floor:g} %")
    if share < floor:
        sys.exit("the coverage has fallen below its floor")


main()
