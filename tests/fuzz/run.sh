#!/bin/sh
# Fuzz the readers with libFuzzer and the address and undefined-behaviour sanitizers.   run.sh [SECONDS [READER [RUNS]]]
# READER: one of them alone, by the first byte of its inputs below 32: 17 folders of pictures, 18 npz
set -eu
cd "$(dirname "$0")/../.."
command -v clang >/dev/null || { echo "needs clang and libclang-rt-14-dev" >&2; exit 2; }
cmake -S . -B build/fuzz -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DDEEPID_SANITIZE=fuzzer-no-link,address,undefined -DDEEPID_BUILD_EXAMPLES=OFF -DDEEPID_BUILD_TESTS=OFF -DDEEPID_ISAS=OFF >/dev/null
cmake --build build/fuzz -j "$(nproc)" --target deepid >/dev/null
clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -DDEEPID_LIBFUZZER ${2:+-DDEEPID_FUZZ_READER=$2} -Iinclude tests/fuzz/fuzz_readers.c -o "build/fuzz/fuzz_readers${2:-}" -Lbuild/fuzz -ldeepid -lz \
    -Wl,-rpath,"$PWD/build/fuzz"
corpus=build/fuzz/corpus${2:-}
mkdir -p "$corpus"
printf '\005input 4x4x2; conv2d out=3 kernel=3 stride=2 padding=1; batchnorm; 2 * identity s=0.5 { relu; dropout p=0.1 } after=tanh; maxpool kernel=2; flatten; dense out=2' >"$corpus"/net
printf '\006spirals n=20 noise=0.1 classes=3' >"$corpus"/generator
printf '\003a,b,c\n1,2,0\n3,4,1\n' >"$corpus"/csv
printf '\003\357\273\277"a, b",c,d\r\n"1.5",-2e3,0\r\n\r\n3,.4,1\r\n' >"$corpus"/csv-quoted
printf '\013a;b;c\n1;2;0\n' >"$corpus"/csv-packed
printf '\103a;"b ""c""";d\n1,5;red;x\n?;blue;y\n#\n2;;y\n' >"$corpus"/csv-words
printf '\123a b 1\n? c -2e300\n 3  d 4\n' >"$corpus"/csv-blanks
{ printf '\022'; cat tests/data/files/arrays.npz; } >"$corpus"/npz
printf '\010\000\000\010\003\000\000\000\001\000\000\000\002\000\000\000\001ab' >"$corpus"/idx-packed
printf '\000\037\213\010\000\000\000\000\000\002\377\003\000\000\000\000\000\000\000\000\000' >"$corpus"/idx-gz
printf '\000\000\000\010\003\000\000\000\001\000\000\000\002\000\000\000\001ab' >"$corpus"/idx
printf '\002\223NUMPY\001\000\106\000%-69s\nabcdefgh' "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }" >"$corpus"/npy
printf '\004\100\000\000\000\000\000\000\000{"__metadata__":{"deepid.format":"1","deepid.net":"input 1; relu"}}' >"$corpus"/safetensors
{ printf '\004'; cat tests/net/files/torch_vgg.safetensors; } >"$corpus"/weights
for file in tests/data/files/pictures/*/*; do { printf '\021'; cat "$file"; } >"$corpus/$(basename "$file")"; done
for file in tests/onnx/files/*.onnx; do { printf '\007'; cat "$file"; } >"$corpus/$(basename "$file")"; done
"build/fuzz/fuzz_readers${2:-}" "$corpus" -max_total_time="${1:-60}" -runs="${3:--1}" -max_len=4096 -rss_limit_mb=1024 -timeout=5 -print_final_stats=1
rm -rf /dev/shm/deepid-fuzz-*
