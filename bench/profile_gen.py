#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""profile_gen.py OUT MEGABYTES [SEED]: a CPU profile of that size (pprof, uncompressed), shaped like
that of a large Go service: 6,000 functions in call chains of 10 to 40 frames, 12 % of the locations
with inlined frames, labels on half of the samples; deterministic for a seed."""
import random
import sys


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def number(n, v):
    return varint(n << 3) + varint(v)


def main():
    path, megabytes = sys.argv[1], float(sys.argv[2])
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    strings = {"": 0}

    def string(s):
        return strings.setdefault(s, len(strings))

    functions = 6000
    names = [f"example.com/service/internal/pkg{i % 211}.(*Type{i % 37}).Method{i}" for i in range(functions)]
    for i, n in enumerate(["runtime.mapassign_faststr", "runtime.mallocgc", "runtime.memmove"]):
        names[i] = n
    out = [field(1, number(1, string("samples")) + number(2, string("count"))),
           field(1, number(1, string("cpu")) + number(2, string("nanoseconds"))),
           field(11, number(1, string("cpu")) + number(2, string("nanoseconds"))),
           number(12, 10000000)]
    locations = 30000
    # A function calls few others: chains share their roots, as real stacks do.
    callees = [[rng.randrange(locations) for _ in range(6)] for _ in range(locations)]
    key = string("route")
    routes = [field(3, number(1, key) + number(2, string(f"GET /v1/route{i}"))) for i in range(200)]
    packed = [varint(i + 1) for i in range(locations)]
    size, limit = 0, int(megabytes * 1e6)
    while size < limit:
        at = rng.randrange(40)
        chain = []
        for _ in range(rng.randint(10, 40)):
            chain.append(packed[at])
            at = callees[at][min(int(rng.expovariate(0.8)), 5)]
        chain.reverse()
        count = rng.randint(1, 9)
        body = field(1, b"".join(chain)) + field(2, varint(count) + varint(count * 10000000))
        if rng.random() < 0.5:
            body += routes[rng.randrange(200)]
        record = field(2, body)
        size += len(record)
        out.append(record)
    out.append(field(3, number(1, 1) + number(2, 0x400000) + number(3, 0x4000000)
                     + number(5, string("/srv/service")) + b"".join(number(k, 1) for k in (7, 8, 9, 10))))
    for i in range(locations):
        lines = b"".join(field(4, number(1, 1 + rng.randrange(functions)) + number(2, rng.randint(1, 900)))
                         for _ in range(2 if rng.random() < 0.12 else 1))
        out.append(field(4, number(1, i + 1) + number(2, 1) + number(3, 0x400000 + 64 * i) + lines))
    for i, n in enumerate(names):
        out.append(field(5, number(1, i + 1) + number(2, string(n)) + number(3, string(n))
                         + number(4, string(f"/src/internal/pkg{i % 211}/file.go"))))
    for s in strings:
        out.append(field(6, s.encode()))
    with open(path, "wb") as f:
        f.write(b"".join(out))


if __name__ == "__main__":
    main()
