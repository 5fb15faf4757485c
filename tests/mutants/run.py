#!/usr/bin/env python3
"""Plants the faults of mutants.txt one at a time in a copy of the tree, builds the named test programs, runs them, prints which faults no test saw. By hand, not in CI.

    python3 tests/mutants/run.py                all; about 20 minutes on two cores
    python3 tests/mutants/run.py holm penalty   those whose names contain one of the words
    python3 tests/mutants/run.py --check        only that every pattern is found exactly once
    python3 tests/mutants/run.py --in FOLDER .. keeps the copy and its build there, for another time
"""
import filecmp
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# a shared BLAS, since every fault links its programs anew
OPTIONS = ["-DDEEPID_BLAS=shared", "-DCMAKE_BUILD_TYPE=Quick", "-DCMAKE_C_FLAGS_QUICK=-O2 -DNDEBUG", "-DDEEPID_BUILD_TESTS=ON", "-DDEEPID_BUILD_EXAMPLES=OFF"]
TIMEOUT = 900  # seconds of one test program, as in tests/CMakeLists.txt: a fault that hangs is seen


class Mutant:
    """One stanza: "name  file  test program ...", lines "- what stands there", lines "+ what is planted", perhaps "= why it may survive"."""

    def __init__(self, stanza):
        head, *rest = stanza.splitlines()
        self.name, self.file, *self.programs = head.split()
        parts = {mark: [line[2:] for line in rest if line[0] == mark] for mark in "-+="}
        if sum(map(len, parts.values())) != len(rest) or not parts["-"] or not self.programs:
            sys.exit(f"mutants.txt: the stanza of {self.name} is not understood")
        self.old, self.new, self.reason = parts["-"], "\n".join(parts["+"]), " ".join(parts["="])

    def planted(self, root):
        """The file's text with the fault; None when the pattern does not match exactly once. White space is compared as such, whatever it is."""
        with open(os.path.join(root, self.file)) as file:
            text = file.read()
        # Line breaks are clang-format's business: any white space stands for any other.
        words = " ".join(self.old).split()
        pattern = r"\s+".join(re.escape(word).replace(r"\(", r"\(\s*") for word in words)
        found = list(re.finditer(pattern, text))
        if len(found) != 1:
            print(f"{self.name}: the pattern is found {len(found)} times in {self.file}, expected once")
            return None
        return text[: found[0].start()] + self.new.strip() + text[found[0].end() :]


def read_list():
    with open(os.path.join(HERE, "mutants.txt")) as file:
        lines = [line.rstrip() for line in file if not line.startswith("#")]
    return [Mutant(stanza) for stanza in re.split(r"\n\n+", "\n".join(lines).strip())]


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)


def must(command):
    done = run(command)
    if done.returncode != 0:
        sys.exit(done.stdout + "\nfailed: " + " ".join(command))


def copy_tree(tree):
    """What git knows or would add; ../shared, when there is one, beside it."""
    names = run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"]).stdout.splitlines()
    for name in names:
        source, target = os.path.join(ROOT, name), os.path.join(tree, name)
        if os.path.isfile(source) and not (os.path.isfile(target) and filecmp.cmp(source, target, shallow=False)):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(source, target)
            shutil.copymode(source, target)
    shared = os.path.join(os.path.dirname(ROOT), "shared")
    if os.path.isdir(shared) and not os.path.lexists(os.path.join(os.path.dirname(tree), "shared")):
        os.symlink(shared, os.path.join(os.path.dirname(tree), "shared"))


def build(folder, programs):
    """A test train_test_step is a link to train_tests."""
    return run(["cmake", "--build", folder, "-j2", "--target", *sorted({program.split("_test_")[0] + "_tests" for program in programs})])


def seen_by(folder, programs, scratch):
    """The first program that fails, with its last words; None when all pass."""
    for program in programs:
        try:
            done = run([os.path.join(folder, "tests", program)], cwd=scratch, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return program, "no end"
        if done.returncode != 0:
            failed = [line for line in done.stdout.splitlines() if "FAILED" in line and "test(s)" not in line]
            return program, failed[0].split("]")[-1].strip() if failed else f"exit {done.returncode}"
    return None


def try_mutant(mutant, tree, folder, scratch):
    path = os.path.join(tree, mutant.file)
    with open(path) as file:
        kept = file.read()
    planted = mutant.planted(tree)
    start = time.time()
    try:
        with open(path, "w") as file:
            file.write(planted)
        built = build(folder, mutant.programs)
        seen = seen_by(folder, mutant.programs, scratch) if built.returncode == 0 else None
    finally:
        with open(path, "w") as file:
            file.write(kept)
    if built.returncode != 0:
        sys.exit(built.stdout + f"\n{mutant.name}: does not compile")
    print(f"{mutant.name:28s} {time.time() - start:5.0f} s  " + (f"seen by {seen[0]}: {seen[1]}" if seen else "SURVIVES" + (": " + mutant.reason if mutant.reason else "")), flush=True)
    return seen is not None


def plant_all(chosen, scratch):
    """Those that no test has seen."""
    tree, folder = os.path.join(scratch, "tree"), os.path.join(scratch, "build")
    copy_tree(tree)
    must(["cmake", *(["-G", "Ninja"] if shutil.which("ninja") else []), "-S", tree, "-B", folder, *OPTIONS])
    programs = sorted({program for mutant in chosen for program in mutant.programs})
    built = build(folder, programs)
    if built.returncode != 0:
        sys.exit(built.stdout + "\nthe tests do not build")
    before = seen_by(folder, programs, scratch)
    if before:
        sys.exit(f"without a fault {before[0]} fails: {before[1]}")
    return [mutant for mutant in chosen if not try_mutant(mutant, tree, folder, scratch)]


def main(words):
    place = None
    if words[:1] in (["-h"], ["--help"]):
        return print(__doc__)
    if words[:1] == ["--in"]:
        place, words = os.path.abspath(words[1]), words[2:]
    mutants = read_list()
    chosen = [m for m in mutants if not words or any(word in m.name for word in words)]
    if len({m.name for m in mutants}) != len(mutants) or None in [m.planted(ROOT) for m in mutants]:
        sys.exit("mutants.txt does not fit the tree")
    if words == ["--check"]:
        return print(f"{len(mutants)} patterns are found once each")
    if not chosen:
        sys.exit(f"no fault has a name with {' or '.join(words)} in it")
    if place:
        os.makedirs(place, exist_ok=True)
        left = plant_all(chosen, place)
    else:
        with tempfile.TemporaryDirectory(prefix="deepid-mutants-") as scratch:
            left = plant_all(chosen, scratch)
    for m in left:
        print(f"survivor: {m.name} ({m.file})  {m.reason or 'no test sees it'}")
    print(f"{len(chosen)} planted, {len(chosen) - len(left)} seen, {len(left)} left, {sum(not m.reason for m in left)} of them without a reason")
    sys.exit(any(not m.reason for m in left))


if __name__ == "__main__":
    main(sys.argv[1:])
