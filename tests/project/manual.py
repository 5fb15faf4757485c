"""Every public function has its manual page in the comment above it, in the form of docs/CONTRIBUTING.md.

manual.py ROOT [HEADER ...]

A page has a sentence; a @param[in], [out] or [in,out] for each parameter of the prototype and for no other; @return, or
@retval for each status with what causes it; @cost; @thread. `@copydetails NAME` takes all but the sentence from another
function, which must have the same parameters. Callback types are held to the same, but for the cost.
"""
import re
import sys
from pathlib import Path

COMMENT = r"/\*\*((?:[^*]|\*(?!/))*)\*/\s*"
FUNCTION = re.compile(COMMENT + r"DEEPID_API\s+([^;(]*?)\b(deepid_\w+)\(([^;]*)\);")
CALLBACK = re.compile(COMMENT + r"typedef\s+([^;(]*?)\(\*(deepid_\w+)\)\(([^;]*)\);")
PROTOTYPE = re.compile(r"^DEEPID_API[^;(]*?\b(deepid_\w+)\(", re.M)


def parameters(text):
    """The names in a prototype: "const char *word, int64_t i" is word, i."""
    return [] if text.strip() == "void" else [re.search(r"(\w+)\s*$", part).group(1) for part in text.split(",")]


def plain(comment):
    """A comment without the stars at the left."""
    return "\n".join(re.sub(r"^\s*\*? ?", "", line) for line in comment.splitlines()).strip()


def tags(page):
    """The page's commands, each with what follows it up to the next one."""
    return [(name, text.strip()) for name, text in re.findall(r"@(\w+(?:\[[\w,]+\])?)((?:[^@]|(?<=\w)@)*)", page)]


def documented_parameters(found):
    """Names in @param[...]; one command may name several, separated by commas. A direction or a meaning that lacks is a gap."""
    names, gaps = [], []
    for name, text in found:
        if not name.startswith("param"):
            continue
        words = text.split(None, 1)
        if name not in ("param[in]", "param[out]", "param[in,out]"):
            gaps.append(f"@{name} {words[0] if words else ''} has no direction")
        if len(words) < 2:
            gaps.append(f"@{name} {text} has no meaning")
        names += words[0].split(",") if words else []
    return names, gaps


def outcome(kind, found, statuses):
    """Gaps in what a function says about the value it returns."""
    retvals = [text.split(None, 1) for name, text in found if name == "retval"]
    words = [word[0] for word in retvals if word]
    returns = any(name == "return" and text for name, text in found)
    if kind == "void":
        return ["a @return or @retval, and it returns nothing"] if returns or retvals else []
    gaps = [f"@retval {word} is no status" for word in words if word not in statuses]
    gaps += [f"@retval {word[0]} has no cause" for word in retvals if len(word) < 2 and word[0] != "DEEPID_OK"]
    if retvals and "DEEPID_OK" not in words:
        gaps.append("no @retval DEEPID_OK")
    if retvals and kind != "int32_t":
        gaps.append(f"statuses, and it returns {kind}")
    return gaps if returns or retvals else gaps + ["no @return and no @retval"]


def gaps_of(name, pages, statuses, callback):
    """What the page of one function lacks."""
    kind, names, page = pages[name]
    copy = re.search(r"@copydetails\s+(\w+)", page)
    if copy and copy.group(1) not in pages:
        return [f"@copydetails of {copy.group(1)}, which is not known"]
    found = tags(pages[copy.group(1)][2] if copy else page)
    said, gaps = documented_parameters(found)
    if not re.match(r"[^@\s]", page):
        gaps.append("no sentence")
    gaps += [f"no @param {one}" for one in names if one not in said]
    gaps += [f"@param {one} is no parameter" for one in said if one not in names]
    gaps += [f"@param {one} stands there twice" for one in sorted(set(said)) if said.count(one) > 1]
    gaps += outcome(kind, found, statuses)
    for wanted in ("thread",) if callback else ("cost", "thread"):
        if not any(command == wanted and text for command, text in found):
            gaps.append(f"no @{wanted}")
    return gaps


def main():
    """Print each gap, and how many pages were read."""
    folder = Path(sys.argv[1]) / "include/deepid"
    statuses = set(re.findall(r"\b(DEEPID_\w+) = \d+", (folder / "status.h").read_text()))
    pages, origin, callbacks, bad = {}, {}, set(), []
    for header in sorted(folder.glob("*.h")):
        text = header.read_text()
        for pattern in (FUNCTION, CALLBACK):
            for comment, kind, name, arguments in pattern.findall(text):
                pages[name] = (" ".join(kind.split()), parameters(arguments), plain(comment))
                origin[name] = header.name
                if pattern is CALLBACK:
                    callbacks.add(name)
        bad += [(header.name, name, ["no comment"]) for name in PROTOTYPE.findall(text) if name not in pages]
    bad += [(origin[name], name, gaps_of(name, pages, statuses, name in callbacks)) for name in pages]
    only = sys.argv[2:]
    bad = [one for one in bad if one[2] and (not only or one[0] in only)]
    for header, name, gaps in bad:
        print(f"{header}: {name}: {'; '.join(gaps)}")
    print(f"manual: {len(pages)} pages, {len(bad)} with gaps")
    return 1 if bad or len(pages) < 300 else 0


sys.exit(main())
