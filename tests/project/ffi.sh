#!/bin/sh
# deepid.ffi.h has every function of the library and no macro, and LuaJIT and Python's cffi take it as it stands.   ffi.sh HEADER LIBRARY
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if grep -nE '^#|__|DEEPID_API' "$1"; then echo "ffi: a macro is left"; exit 1; fi
grep -oE '\bdeepid_[a-z0-9_]+\(' "$1" | tr -d '(' | sort >"$work/declared"
nm -D --defined-only "$2" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort >"$work/shown"
diff "$work/declared" "$work/shown" || { echo "declared (<) and exported (>) differ"; exit 1; }
if command -v luajit >/dev/null 2>&1; then
    cat >"$work/use.lua" <<'END'
local ffi = require("ffi")
ffi.cdef(assert(io.open(arg[1])):read("*a"))
local lib = ffi.load(arg[2])
local ctx, net = ffi.new("deepid_ctx *[1]"), ffi.new("deepid_net *[1]")
assert(lib.deepid_ctx_create(ctx) == lib.DEEPID_OK)
assert(lib.deepid_net_create(ctx[0], "input 2; dense out=3", lib.DEEPID_F32, net) == 0)
assert(lib.deepid_net_trained_count(net[0]) == 9)
assert(lib.deepid_net_create(ctx[0], "input 2; danse", lib.DEEPID_F32, net) == lib.DEEPID_ERR_SPEC)
END
    luajit "$work/use.lua" "$1" "$2"
else
    echo "LuaJIT is skipped: it is not here (apt-get install luajit)"
fi
if python3 -c 'import cffi' 2>/dev/null; then
    cat >"$work/use.py" <<'END'
import sys
import cffi

ffi = cffi.FFI()
ffi.cdef(open(sys.argv[1]).read())
lib = ffi.dlopen(sys.argv[2])
ctx, net = ffi.new("deepid_ctx **"), ffi.new("deepid_net **")
assert lib.deepid_ctx_create(ctx) == lib.DEEPID_OK
assert lib.deepid_net_create(ctx[0], b"input 2; dense out=3", lib.DEEPID_F32, net) == 0
assert lib.deepid_net_trained_count(net[0]) == 9

@ffi.callback("deepid_event_fn")
def progress(user, event):
    seen.append(lib.deepid_event_step(event))
    return 0

seen, data, trainer = [], ffi.new("deepid_dataset **"), ffi.new("deepid_trainer **")
assert lib.deepid_dataset_generate(ctx[0], b"rings n=64 classes=3", 1, data) == 0, ffi.string(lib.deepid_ctx_error(ctx[0]))
assert lib.deepid_net_init(net[0], b"he", 1) == 0
assert lib.deepid_trainer_create(net[0], data[0], trainer) == 0, ffi.string(lib.deepid_ctx_error(ctx[0]))
assert lib.deepid_trainer_fit(trainer[0], 3, progress, ffi.NULL) == 0
assert seen == [1, 2, 3], seen
END
    python3 "$work/use.py" "$1" "$2"
else
    echo "cffi is skipped: it is not here (apt-get install python3-cffi)"
fi
echo "ffi: $(wc -l <"$work/declared") functions"
