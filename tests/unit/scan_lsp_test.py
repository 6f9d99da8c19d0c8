#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`maptrap scan --lsp` with a client that speaks the protocol, and with some that do not."""
import json
import os
import select
import subprocess
import sys
import tempfile
import time

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))
MAPTRAP = os.path.join(BUILD, "maptrap")

GOOD = """package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) A(k string) { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) B(k string) { s.mu.Lock(); s.m[k] = 2; s.mu.Unlock() }
"""
BAD = GOOD + "\n// Ünïcödé 😀\nfunc (s *S) C(k string) {\n\t/* 😀é */ _, s.m[k] = 0, 3\n\ts.m[k] = 3\n}\n"
assert BAD.splitlines()[15] == "\ts.m[k] = 3"


class Client:
    def __init__(self, *args, cwd=None):
        self.p = subprocess.Popen([MAPTRAP, "scan", "--lsp", *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, cwd=cwd)
        self.buffer = b""
        self.ids = 0

    def raw(self, data):
        try:
            self.p.stdin.write(data)
            self.p.stdin.flush()
        except BrokenPipeError:
            pass

    def send(self, method, params=None, want=False, key=None):
        message = {"jsonrpc": "2.0", "method": method, "params": params or {}}
        if want:
            self.ids += 1
            message["id"] = key or self.ids
        body = json.dumps(message, ensure_ascii=False).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return message.get("id")

    def message(self, seconds=20):
        end = time.monotonic() + seconds
        while True:
            head, sep, rest = self.buffer.partition(b"\r\n\r\n")
            if sep:
                n = int(head.lower().split(b"content-length:")[1].split()[0])
                if len(rest) >= n:
                    self.buffer = rest[n:]
                    return json.loads(rest[:n])
            assert select.select([self.p.stdout], [], [], max(0, end - time.monotonic()))[0], "nothing came"
            part = os.read(self.p.stdout.fileno(), 65536)
            assert part, "the server has gone: " + self.p.stderr.read().decode()
            self.buffer += part

    def ask(self, method, params=None, key=None):
        wanted = self.send(method, params, want=True, key=key)
        while True:
            m = self.message()
            if m.get("id") == wanted:
                return m

    def diagnostics(self, uri):
        while True:
            m = self.message()
            if m.get("method") == "textDocument/publishDiagnostics" and m["params"]["uri"] == uri:
                return m["params"]["diagnostics"]

    def end(self):
        self.ask("shutdown")
        self.send("exit")
        assert self.p.wait(20) == 0
        assert self.p.stderr.read() == b""


def project(top):
    with open(os.path.join(top, "go.mod"), "w") as f:
        f.write("module example.com/p\n")
    path = os.path.join(top, "a b.go")
    with open(path, "w") as f:
        f.write(GOOD)
    return path, "file://" + path.replace(" ", "%20")


def utf16(line, character):
    return line.encode("utf-16-le")[:character * 2].decode("utf-16-le")


def session(encodings):
    with tempfile.TemporaryDirectory() as top:
        path, uri = project(top)
        c = Client()
        answer = c.ask("initialize", {"rootUri": "file://" + top, "capabilities": {
            "general": {"positionEncodings": encodings}}}, key="first")["result"]["capabilities"]
        assert answer["positionEncoding"] == ("utf-8" if "utf-8" in encodings else "utf-16"), answer
        c.send("initialized")
        c.send("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "go", "version": 1, "text": BAD}})
        found = c.diagnostics(uri)  # of what the editor has, not of what is on disk
        assert [d["range"]["start"]["line"] for d in found] == [14, 15], found
        assert all(d["source"] == "maptrap" and d["code"] == "inconsistent-lock" for d in found), found
        start = found[0]["range"]["start"]["character"]
        line = BAD.splitlines()[14]
        before = line.encode()[:start].decode() if "utf-8" in encodings else utf16(line, start)
        assert line[len(before):].startswith("s.m[k]"), (start, before)
        assert found[0]["relatedInformation"][0]["location"]["uri"] == uri, found[0]
        actions = c.ask("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": found[1]["range"],
                                                    "context": {"diagnostics": [found[1]]}})["result"]
        [action] = actions
        assert action["kind"] == "quickfix" and action["title"] == "Hold S.mu", action
        lines = BAD.splitlines(keepends=True)
        for edit in reversed(action["edit"]["changes"][uri]):
            at = edit["range"]["start"]
            assert at == edit["range"]["end"]
            text = lines[at["line"]]
            lines[at["line"]] = text[:at["character"]] + edit["newText"] + text[at["character"]:]
        fixed = "".join(lines)
        assert "\ts.mu.Lock()\n\ts.m[k] = 3\n\ts.mu.Unlock()\n" in fixed, fixed
        c.send("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": fixed}]})
        assert [d["range"]["start"]["line"] for d in c.diagnostics(uri)] == [14]
        c.send("textDocument/didChange", {"textDocument": {"uri": uri, "version": 3}, "contentChanges": [{"text": GOOD}]})
        assert c.diagnostics(uri) == []
        c.send("textDocument/didClose", {"textDocument": {"uri": uri}})
        with open(path, "w") as f:
            f.write(BAD)
        c.send("textDocument/didSave", {"textDocument": {"uri": uri}})
        assert len(c.diagnostics(uri)) == 2
        os.remove(path)
        c.send("workspace/didChangeWatchedFiles", {"changes": []})
        assert c.diagnostics(uri) == []
        assert c.ask("textDocument/hover", {})["error"]["code"] == -32601
        c.end()


def utf8_positions():
    session(["utf-8", "utf-16"])


def utf16_positions():
    session([])


def not_json():
    """What is no message is said to be none, and the next one is answered."""
    c = Client(TOP + "/tests/scan/safe/once")
    for body in (b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100000, b'{"id": 3}', b'{"method": 3}', b""):
        c.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    for method, params in (("textDocument/didOpen", {"textDocument": 3}), ("textDocument/didChange", [1]),
                           ("textDocument/didOpen", {"textDocument": {"uri": "http://x/y", "text": "package p"}}),
                           ("textDocument/didOpen", {"textDocument": {"uri": "file:///a%00b%", "text": "x"}}),
                           ("textDocument/didClose", {"textDocument": {"uri": "file:///never"}}),
                           ("textDocument/didChange", {"textDocument": {"uri": "file:///p.go"}, "contentChanges": [7]}),
                           ("$/cancelRequest", {"id": 7}), ("initialize", {"rootUri": 7})):
        c.send(method, params)
    assert "capabilities" in c.ask("initialize", {"capabilities": 3})["result"]
    bad_ranges = {"start": {"line": -1}, "end": {"line": 1 << 62}}
    assert c.ask("textDocument/codeAction", {"textDocument": {"uri": "file:///x"}, "range": bad_ranges})["result"] == []
    c.end()


def order():
    """What comes before `initialize`, a second one, and what comes after `shutdown` is refused, as the protocol has it."""
    c = Client(TOP + "/tests/scan/safe/once")
    ask = {"textDocument": {"uri": "file:///x"}, "range": {}}
    assert c.ask("textDocument/codeAction", ask)["error"]["code"] == -32002
    assert c.ask("shutdown")["error"]["code"] == -32002
    assert "result" in c.ask("initialize")
    assert c.ask("initialize")["error"]["code"] == -32600
    assert c.ask("textDocument/codeAction", ask)["result"] == []
    assert c.ask("shutdown")["result"] is None
    assert c.ask("textDocument/codeAction", ask)["error"]["code"] == -32600
    c.send("exit")
    assert c.p.wait(20) == 0


def folders():
    """All folders of the workspace are looked at, one that is gone aside; rootPath is for old clients. Fixes are given
    to whoever wants fixes."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        uris = []
        for top in (one, two):
            path, uri = project(top)
            uris.append(uri)
            with open(path, "w") as f:
                f.write(BAD)
        gone = {"uri": "file:///nonexistent", "name": "gone"}
        listed = {"workspaceFolders": [gone] + [{"uri": "file://" + top, "name": top} for top in (one, two)]}
        for params, want in ((listed, uris), ({"rootPath": two, "rootUri": None}, uris[1:])):
            c = Client()
            c.ask("initialize", {**params, "capabilities": {}})
            for uri in uris:
                for only, n in ((None, 1), (["quickfix"], 1), ([""], 1), (["refactor", "source.organizeImports"], 0)):
                    context = {"diagnostics": [], **({"only": only} if only else {})}
                    at = {"line": 15, "character": 0}
                    got = c.ask("textDocument/codeAction", {"textDocument": {"uri": uri}, "context": context,
                                                            "range": {"start": at, "end": at}})["result"]
                    assert len(got) == (n if uri in want else 0), (params, uri, only, got)
            c.end()


def no_folder():
    """Without a workspace the folder of the document is looked at, not wherever the editor was started; that only if it
    is a module's."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as top:
        path, uri = project(top)
        for name in (path, os.path.join(home, "p.go")):
            with open(name, "w") as f:
                f.write(BAD)
        for cwd, module, want in ((home, False, [uri]), (home, True, ["file://" + os.path.join(home, "p.go")])):
            if module:
                with open(os.path.join(home, "go.mod"), "w") as f:
                    f.write("module example.com/home\n")
            c = Client(cwd=cwd)
            c.ask("initialize", {"rootUri": None, "capabilities": {}})
            c.send("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "go", "version": 1, "text": BAD}})
            c.ask("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": {}})
            c.send("textDocument/didSave", {"textDocument": {"uri": uri}})
            m = c.message()
            assert m["method"] == "textDocument/publishDiagnostics" and [m["params"]["uri"]] == want, m
            c.end()


def broken_off():
    """Headers that say nothing usable end the server with status 4, the end of input with 1."""
    for data, status in ((b"Content-Length: 99999999999\r\n\r\n", 4), (b"Content-Length: -1\r\n\r\n", 4),
                         (b"X: y\r\n\r\n{}", 4), (b"x" * 10000, 4), (b"", 1), (b"Content-Length: 10\r\n\r\n{", 1),
                         (b"Content-", 1)):
        c = Client(TOP + "/tests/scan/safe/once")
        c.raw(data)
        c.p.stdin.close()
        assert c.p.wait(20) == status, (data[:40], c.p.returncode)
    c = Client(TOP + "/tests/scan/safe/once")
    c.send("exit")
    assert c.p.wait(20) == 1


tests = [utf8_positions, utf16_positions, not_json, order, folders, no_folder, broken_off]
for test in tests:
    tap.run(test.__name__, test)
sys.exit(tap.done())
