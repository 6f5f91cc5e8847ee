"""The scripted side of the SMS peers: gateway.py DIR.

A fake SMSC: the line peer of kannel's `smsc = fake`; every message becomes a line of DIR/messages.jsonl. And an HTTPS
server whose path says how it fails; every call becomes a line of DIR/calls.jsonl.

    /ok...             200 {"status": "sent"}
    /denied...         400
    /flaky/KEY         500, 500, then 200, by key
    /status/NNN...     that status
    /stall...          takes the call and never answers
    /redirect...       302 to /ok/redirected
    /huge...           200 and 100 MiB
    /garbage...        bytes that are no HTTP
"""
import http.server
import json
import pathlib
import socket
import ssl
import sys
import threading
import time
import urllib.parse

DIR = pathlib.Path(sys.argv[1])
STATE = json.loads((DIR / "sms.json").read_text())
LOCK = threading.Lock()
SEEN = {}


def note(name, **what):
    with LOCK, open(DIR / name, "a", encoding="utf-8") as log:
        log.write(json.dumps({"at": time.time(), **what}) + "\n")


def smsc():
    """Messages begin with `sender +49151... text words`, or `... udh|data words` with bytes as %XX; a text's own lines
    follow raw."""
    messages = []
    with socket.create_connection(("127.0.0.1", STATE["ports"]["smsc"])) as line:
        for raw in line.makefile("rb"):
            words = raw.decode(errors="replace").rstrip("\r\n").split(" ", 3)
            if len(words) == 4 and words[2] in ("text", "data", "udh"):
                rest = words[3] if words[2] == "text" else urllib.parse.unquote_plus(words[3])
                messages.append({"at": time.time(), "to": urllib.parse.unquote(words[1]), "text": rest})
            elif messages:
                messages[-1]["text"] += "\n" + " ".join(words)
            with LOCK:
                (DIR / "messages.new").write_text("".join(json.dumps(one) + "\n" for one in messages))
                (DIR / "messages.new").replace(DIR / "messages.jsonl")


class Gateway(http.server.BaseHTTPRequestHandler):
    """One call; the first part of the path says what becomes of it."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b'{"status": "sent"}', **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self):
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        note("calls.jsonl", path=url.path, method=self.command, query=url.query, headers=dict(self.headers), body=body)
        words = url.path.split("/")
        getattr(self, "do_" + words[1], lambda words: self.answer(404))(words)

    do_GET = do_POST = serve

    def do_ok(self, _words):
        self.answer(200)

    def do_denied(self, _words):
        self.answer(400, b"denied by white- and/or black-lists")

    def do_flaky(self, words):
        with LOCK:
            SEEN[words[2]] = SEEN.get(words[2], 0) + 1
            count = SEEN[words[2]]
        self.answer(500 if count < 3 else 200)

    def do_status(self, words):
        self.answer(int(words[2]))

    def do_stall(self, _words):
        time.sleep(60)

    def do_redirect(self, _words):
        self.answer(302, Location="/ok/redirected")

    def do_huge(self, _words):
        self.send_response(200)
        self.send_header("Content-Length", str(100 << 20))
        self.end_headers()
        sent = 0
        try:
            while sent < 100 << 20:
                self.wfile.write(b"x" * 65536)
                sent += 65536
        except OSError:
            pass
        note("huge.jsonl", sent=sent)
        self.close_connection = True

    def do_garbage(self, _words):
        self.wfile.write(bytes(range(256)) * 4)
        self.close_connection = True


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", STATE["ports"]["gateway"]), Gateway)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DIR / "server.crt", DIR / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=smsc, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
