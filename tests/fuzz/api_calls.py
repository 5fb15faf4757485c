#!/usr/bin/env python3
"""Writes a C program that calls every function of the public headers with arguments of the right C types and any value: NULL, handles of other kinds, extremes, NaN, long and broken text.

    api_calls.py ROOT >calls.c          (tests/fuzz/api_calls.sh builds and runs it)"""
import glob
import re
import sys

KINDS = {  # kind: how one is made, into made[KIND]
    "ctx": "deepid_ctx_create((deepid_ctx **)at)",
    "tensor": "deepid_tensor_create(MINE, DEEPID_F32, 2, (const int64_t[]){4, 2}, (deepid_tensor **)at)",
    "table": "deepid_table_create(MINE, \"row\", \"a,b\", (deepid_table **)at)",
    "dataset": "deepid_dataset_generate(MINE, \"spirals n=40\", 1, (deepid_dataset **)at)",
    "net": "deepid_net_create(MINE, \"input 2; dense out=4; 2 * identity { dense out=4; relu }; dense out=2\", DEEPID_F32, (deepid_net **)at)",
    "builder": "deepid_builder_create(MINE, 1, (const int64_t[]){2}, (deepid_builder **)at)",
    "trainer": "deepid_trainer_create(made[NET], made[DATASET], (deepid_trainer **)at)",
    "study": "deepid_study_create(MINE, \"input 2; dense out=4; relu; dense out=2\", \"input 2; dense out=4; relu; dense out=4; relu; dense out=2\", made[DATASET], (deepid_study **)at)",
    "chart": "deepid_chart_create(MINE, \"x\", \"y\", \"\", (deepid_chart **)at)",
    "page": "deepid_page_create(MINE, \"question\", \"subject\", (deepid_page **)at)",
    "identity": "deepid_identity_examine(made[NET], 1, \"identity { dense out=4; relu }\", made[DATASET], (deepid_identity **)at)",
    "certificate": "",
    "fit": "",
    "basin": "",
    "verdict": "",
    "comparison": "",
    "evidence": "deepid_evidence_create(MINE, (deepid_evidence **)at)",
    "event": "",
    "study_event": "",
}
TEXTS = ["", "relu", "spirals n=20", "input 2; dense out=3; relu; dense out=2", "input 4x4x1; conv2d out=2 kernel=3; flatten; dense out=2", "sgd momentum=0.9", "adam", "lbfgs", "he", "nn", "threads",
         "memory_bytes", "identity", "plain", "dense1.weight", "S", "D", "arms", "steps", "cross_entropy", "squared_error", "input 2; 99999999999999999999 * relu", "{{{{{{{{", "dense out=-1", "n=1e400",
         "n=9223372036854775807", "%s%n%d", "a\\nb", "\\xff\\xfe\\x80", "a\\xc3", "x.tmp", "no/such/folder/x", "deepid", "D_start:he", "const_loss", "train_loss", "arm=a,seed=b,train_loss=c", "step at=0.5 factor=0.1 warmup=9223372036854775807", "0x10", "nan", "a,b,c", "auto", "bf16", "f16 rounding=stochastic weights=format", "dynamic init=4 interval=1", "input 2 storage=f8e4m3 gradients=f8e5m2; dense out=3; relu; dense out=2"]


def prototypes(root):
    for path in sorted(glob.glob(root + "/include/deepid/*.h")):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for match in re.finditer(r"(?:/\*\*((?:(?!\*/).)*)\*/\s*)?DEEPID_API\s+([^;(]*?)\bdeepid_(\w+)\s*\(([^;]*?)\)\s*;", text, flags=re.S):
            comment, result, name, arguments = match.groups()
            arguments = [] if arguments.strip() == "void" else [re.sub(r"\s+", " ", a).strip() for a in arguments.split(",")]
            yield name, result.strip(), [re.match(r"(.*?)(\w+)$", a).groups() for a in arguments], comment or ""


def draw(kind, word, function):
    """The C expression for one argument, and how it is shown."""
    kind = kind.strip()
    handle = re.match(r"(?:const )?deepid_(\w+) \*$", kind)
    out = re.match(r"deepid_(\w+) \*\*$", kind)
    if handle:
        return "handle(%s, %d)" % (handle.group(1).upper(), function.endswith("_destroy")), "%p"
    if out:
        return "slot(%s)" % out.group(1).upper(), "%p"
    if kind.endswith("_fn"):
        return "(chance(3) ? NULL : %s)" % {"deepid_alloc_fn": "give", "deepid_free_fn": "take", "deepid_log_fn": "hear", "deepid_allreduce_fn": "exchange", "deepid_event_fn": "progress", "deepid_study_fn": "study_progress"}[kind], None
    if kind == "const char *":
        return "text()", "'%.60s'"
    if kind == "const char *const *":
        return "(chance(4) ? NULL : many_texts())", "%p"
    if word == "strides":
        return "strides()", "%p"
    if "*" in kind:
        base = kind.replace("const", "").replace("*", "").strip()
        return "array(%s)" % {"int64_t": "WHOLE", "int32_t": "LABELS", "double": "REAL", "uint64_t": "WHOLE", "float": "FLOATS", "void": "FLOATS", "uint8_t": "BYTES", "char": "BYTES"}[base], "%p"
    return {"int64_t": ("whole()", "%lld"), "int32_t": ("whole32()", "%d"), "uint64_t": ("(uint64_t)whole()", "%llu"), "double": ("real()", "%g")}[kind]


def write_call(name, result, arguments, comment):
    shown = []
    values = []
    lines = []
    for i, (kind, word) in enumerate(arguments):
        expression, form = draw(kind, word, name)
        lines.append("    %s a%d = %s;" % (kind if "(" not in kind else kind, i, expression))
        if form:
            shown.append(form)
            values.append({"%lld": "(long long)", "%llu": "(unsigned long long)", "%p": "(const void *)", "%g": "", "%d": ""}.get(form, "") + ("a%d" % i if form != "'%.60s'" else "(a%d ? a%d : \"NULL\")" % (i, i)))
    lines.append("    note(\"%s(%s)\"%s);" % (name, ", ".join(shown), "".join(", " + v for v in values)))
    call = "deepid_%s(%s)" % (name, ", ".join("a%d" % i for i in range(len(arguments))))
    is_status = result == "int32_t" and ("@retval" in comment or any("**" in k for k, _ in arguments))
    if is_status:
        lines.append("    check_status(%s);" % call)
    elif result == "const char *":
        lines.append("    check_text(%s);" % call)
    elif result == "void":
        lines.append("    %s;" % call)
    else:
        lines.append("    (void)%s;" % call)
    return "static void call_%s(void)\n{\n%s\n}\n" % (name, "\n".join(lines))


def write_setter(name, arguments):
    values = []
    for kind, word in arguments:
        handle = re.match(r"(?:const )?deepid_(\w+) \*$", kind.strip())
        values.append("made[%s]" % handle.group(1).upper() if handle else "NULL" if "*" in kind or kind.strip().endswith("_fn") else "1")
    return "    {\"%s\", deepid_%s(%s)}," % (name, name, ", ".join(values))


def main():
    functions = list(prototypes(sys.argv[1]))
    with open(sys.argv[1] + "/tests/fuzz/api_calls.h", encoding="utf-8") as file:
        print("#include <stddef.h>")
        print("enum { %s, KINDS };" % ", ".join(k.upper() for k in KINDS))
        print('static const char *const texts[] = {%s, NULL};' % ", ".join('"%s"' % t for t in TEXTS))
        print(file.read())
    print("static int32_t make(int kind, void **at)\n{\n    switch (kind) {")
    for kind, expression in KINDS.items():
        print("    case %s: return %s;" % (kind.upper(), expression or "DEEPID_OK"))
    print("    }\n    return DEEPID_OK;\n}\n\nstatic void destroy(int kind, void *handle)\n{\n    switch (kind) {")
    names = {f[0] for f in functions}
    for kind in KINDS:
        if kind + "_destroy" in names:
            print("    case %s: deepid_%s_destroy(handle); break;" % (kind.upper(), kind))
    print("    }\n}\n")
    for function in functions:
        print(write_call(*function))
    print("static const struct { const char *name; void (*call)(void); } functions[] = {")
    for function in functions:
        print('    {"%s", call_%s},' % (function[0], function[0]))
    print("};\nstatic const int function_count = sizeof functions / sizeof *functions;\n")
    print("/* What every setter says to a second thread. */\nstatic int busy_setters(void)\n{\n    const struct { const char *name; int32_t status; } setters[] = {")
    for name, result, arguments, _ in functions:
        if "_set_" in name and result == "int32_t":
            print(write_setter(name, arguments))
    print("    };\n    return refused_setters(&setters[0].name, &setters[0].status, sizeof *setters, sizeof setters / sizeof *setters);\n}\n")
    print('#include "api_calls_main.h"')


main()
