# SPDX-License-Identifier: Apache-2.0
"""Results of the Python tests here, printed as TAP:

    tap.check(status == 0, "ends well", output)   # the notes are printed if it is not so
    tap.skip("like gofmt", "no Go toolchain")
    tap.run("modules", modules)                   # a function that asserts
    sys.exit(tap.done())"""
import traceback

NOTE_MAX = 400  # characters of a note
results = []  # True, False or, where it was skipped, None


def check(ok, name, *notes):
    for n in notes if not ok else ():
        print("# " + str(n).replace("\n", " | ")[:NOTE_MAX])
    results.append(bool(ok))
    print(f"{'ok' if ok else 'not ok'} {len(results)} - {name}", flush=True)


def skip(name, why):
    results.append(None)
    print(f"ok {len(results)} - {name} # SKIP {why}", flush=True)


def run(name, test):
    try:
        test()
        check(True, name)
    except Exception as e:  # pylint: disable=broad-except
        where = traceback.extract_tb(e.__traceback__)[-1]
        check(False, name, f"{type(e).__name__} line {where.lineno}: {e}")


def done():
    """Prints the plan. The exit status."""
    print(f"1..{len(results)}")
    return 1 if False in results else 0
