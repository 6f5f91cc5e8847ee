"""The instance's own DNS, as tests change it and count what was asked."""
import contextlib
import http.server
import socket
import threading
import uuid

import yaml

from peers.dns.peer import DnsPeer


def peer_of(instance):
    return DnsPeer(instance.dir / "dns")


def fresh(label="t"):
    """A name in the zone that tests change, which nobody else uses."""
    return f"{label}-{uuid.uuid4().hex[:10]}.live.caatest"


def account_of(caller):
    enterprise = caller.get("/v1/me").expect(200)["enterprise"]["id"]
    return f"acct:{enterprise}@ca.example"


def dcv_port(instance):
    with open(instance["CONFIG_FILE"], encoding="utf-8") as file:
        return yaml.safe_load(file)["dcv"]["http_port"]


class Web:
    """A web server on the port that http_file is fetched from: path -> (status, headers, body)."""

    def __init__(self):
        self.pages, self.seen = {}, []


@contextlib.contextmanager
def web(port, address="127.0.0.1"):
    """Serves Web.pages on address:port while the block runs."""
    served = Web()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            served.seen.append((self.headers.get("Host"), self.path))
            status, headers, body = served.pages.get(self.path, (404, {}, b"nothing here"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                for part in ([body] if isinstance(body, bytes) else body):
                    self.wfile.write(part)

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

    server = Server((address, port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
