#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""flood.py KIND [--goroutines N] [--frames N]: a made crash log on stdout, as large as one likes.

same       200 different stacks
distinct   every stack differs, of 5000 functions
names      every function of every stack has a name of its own
line       one line without an end, of N x 3000 bytes
json       the same, as the text of one JSON value"""
import argparse
import sys

FRAME = "github.com/acme/shop/internal/store%d.(*Cache).handle(0xc%09x, {0xc000012345, 0x20, 0x40})\n" \
        "\t/src/github.com/acme/shop/internal/store%d/cache.go:%d +0x1d\n"
END = "created by github.com/acme/shop/server.(*Server).Serve in goroutine 1\n" \
      "\t/src/github.com/acme/shop/server/server.go:152 +0x9b\n\n"


def stacks(kind, frames):
    pool = [FRAME % (i, 0x12340, i, 10 + i % 90) for i in range(5000)]
    fixed = ["".join(pool[(i * 31 + k) % 5000] for k in range(frames)) + END for i in range(200)]
    if kind == "same":
        return lambda i: fixed[i % 200]
    if kind == "distinct":
        return lambda i: "".join(pool[(i * (k + 1) * 7919 + i // 5000) % 5000] for k in range(frames)) + END
    return lambda i: "".join(FRAME % (i * frames + k, i, i, k) for k in range(frames)) + END


def lines(args):
    yield "fatal error: concurrent map writes\n\n"
    stack = stacks(args.kind, args.frames)
    for i in range(1, args.goroutines + 1):
        state = "running" if i == 1 else "chan receive, 3 minutes"
        yield f"goroutine {i} [{state}]:\nmain.(*store).set(0xc{i * 64:09x}, 0x{i:x})\n\t/src/app/store.go:11 +0x1d\n" \
              + stack(i)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["same", "distinct", "names", "line", "json"])
    parser.add_argument("--goroutines", type=int, default=1000000)
    parser.add_argument("--frames", type=int, default=17)
    args = parser.parse_args()
    if args.kind in ("line", "json"):
        sys.stdout.write('{"log":"' if args.kind == "json" else "")
        block = "goroutine 1 [running]:\\n" + "x" * 2976
        for _ in range(args.goroutines // 100):
            sys.stdout.write(block * 100)
        return
    batch = []
    for text in lines(args):
        batch.append(text)
        if len(batch) == 500:
            sys.stdout.write("".join(batch))
            batch = []
    sys.stdout.write("".join(batch))


if __name__ == "__main__":
    main()
