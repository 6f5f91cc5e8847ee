"""A DNS server that misbehaves on purpose, each zone in its own way (the first label says how).

    responder.py PORT LOG

Serves UDP and TCP on 127.0.0.1 until SIGTERM. Every query is one line of LOG: "name type transport".
What is not asked for CAA gets a proper "no data", so that only the tested answer is wrong.
"""
import pathlib
import socketserver
import struct
import sys
import threading
import time

A, CNAME, SOA, CAA = 1, 5, 6, 257
NXDOMAIN = 3
SERVFAIL, NOTIMP, REFUSED, FORMERR = 2, 4, 5, 1
TC, TTL = 0x0200, 300
SLOW_S = 0.6    # longer than the first time-out of a resolver
OPT = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
GOOD, DENIED = b"\0\5issueca.example", b"\0\5issueother.example"
MALFORMED = {
    "taglen0": b"\0\0ca.example", "overlong": b"\0\xffissueca.example", "onebyte": b"\0", "empty": b"",
    "tagonly": b"\0\5issue", "hyphentag": b"\0\5is-ue;", "crithyphen": b"\x80\5is-ue;", "spacetag": b"\x80\6issue ca.example",
    "nultag": b"\x80\6issue\0ca.example", "cut": b"\0\5iss", "utf8": "\0\5issueca.exampl\u00e9".encode(),
}
RCODES = {
    "servfail-i": SERVFAIL, "servfail-s": SERVFAIL, "refused-i": REFUSED, "notimp-i": NOTIMP,
    "formerr-i": FORMERR,
}


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode("latin-1")
                    for label in name.rstrip(".").split(".") if label) + b"\0"


def record(owner, rrtype, rdata):
    return wire(owner) + struct.pack("!HHIH", rrtype, 1, TTL, len(rdata)) + rdata


def soa(zone):
    return record(zone, SOA, wire("ns." + zone) + wire("root." + zone) +
                  struct.pack("!IIIII", 1, 3600, 600, 86400, 60))


def question(query):
    """(name, type, octets of the question) of a query message."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += 1 + query[at]
    rrtype, = struct.unpack_from("!H", query, at + 1)
    return ".".join(labels).lower(), rrtype, query[12:at + 5]


def spoiled(kind, name, zone, asked):
    """(flags, answers, authority, question) of the zones that are wrong in more than one place; None: another zone."""
    good, alias = record(name, CAA, GOOD), lambda to: record(name, CNAME, wire(to))
    return {
        "nxnosoa-i": (NXDOMAIN, [], [], asked), "nxdata-i": (NXDOMAIN, [good], [soa(zone)], asked),
        "servdata-i": (SERVFAIL, [good], [], asked), "wrongsoa-i": (0, [], [soa("else.example")], asked),
        "twocname-i": (0, [alias("deny.caatest"), alias("ok.caatest")], [], asked),
        "cnamecaa-i": (0, [alias("deny.caatest"), good], [], asked),
        "owner-i": (0, [record("x" + name, CAA, GOOD)], [], asked),
        "wrongq-i": (0, [good], [], wire("x" + name) + asked[-4:]),
        # As some servers are: names in capitals, records of other names beside the answer, the same record twice.
        "upper-i": (0, [record(name.upper(), CAA, GOOD)], [], wire(name.upper()) + asked[-4:]),
        "beside-i": (0, [record("deny.caatest", CAA, DENIED), good], [], asked), "twins-i": (0, [good, good], [], asked),
        "longttl-i": (0, [wire(name) + struct.pack("!HHIH", CAA, 1, 0xffffffff, len(GOOD)) + GOOD], [], asked),
        # The SOA of where the alias stands says nothing about where it leads.
        "aliassoa-i": (0, [alias(f"x.{zone}")] if name == zone else [], [soa(zone)] if name == zone else [], asked),
        "nxok-i": (NXDOMAIN, [], [soa(zone)], asked),
        "chaos-i": (0, [wire(name) + struct.pack("!HHIH", CAA, 3, TTL, len(GOOD)) + GOOD], [], asked),
    }.get(kind)


class Script:
    """What the server has seen and how it answers."""

    def __init__(self, log):
        self._log = open(log, "a", buffering=1)
        self._lock = threading.Lock()
        self._seen = {}

    def note(self, name, rrtype, transport):
        """Counts the query; how often this name and type were asked for before."""
        with self._lock:
            self._log.write(f"{name} {rrtype} {transport}\n")
            before = self._seen.get((name, rrtype), 0)
            self._seen[name, rrtype] = before + 1
            return before

    def reply(self, query, transport):
        """The answer to a query, or None: none is sent."""
        name, rrtype, asked = question(query)
        before = self.note(name, rrtype, transport)
        labels = name.split(".")
        zone = ".".join(labels[-2:])
        kind = labels[-2] if len(labels) > 1 else ""
        flags, answer, authority = 0, [], []
        if kind in ("timeout-i", "blackhole-s"):
            return None
        if kind == "servfail-s" or (kind in RCODES and rrtype == CAA):
            flags = RCODES[kind]
        elif kind == "lame":
            authority = [record("caatest", 2, wire("ns.caatest"))]
        elif kind == "nosoa":
            pass
        elif rrtype == SOA and name == zone:
            answer = [soa(zone)]
        elif kind == "rebind-i" and rrtype == A:
            # The first answer is the one that may be connected to; "swap" turns the two around.
            first = (before == 0) != labels[0].startswith("swap")
            answer = [record(name, A, bytes([127, 0, 0, 80 if first else 1]))]
        elif rrtype != CAA:
            authority = [soa(zone)]
        elif kind == "flaky-i" and before < 2:
            flags = SERVFAIL
        elif kind == "dropper-i" and before < 2:
            return None
        elif kind == "junk-i":
            return query[:2] + b"\x84\0\0\1\0\7\0\0\0\0" + asked + b"\xc0"
        elif kind == "tc-both":
            flags = TC
        elif spoiled(kind, name, zone, asked):
            flags, answer, authority, asked = spoiled(kind, name, zone, asked)
        elif kind in ("tc-tcp", "tc-only") and transport == "udp":
            flags = TC
        elif kind == "tc-only":
            return None
        else:
            if kind == "slow":
                time.sleep(SLOW_S)
            rdata = MALFORMED.get(labels[0], GOOD) if kind == "wire" else GOOD
            answer = [record(name, CAA, rdata)]
        edns = [OPT] if query[11] else []
        authoritative = 0x8000 if kind == "noaa-i" else 0x8400
        head = query[:2] + struct.pack("!HHHHH", authoritative | flags, 1, len(answer), len(authority),
                                       len(edns))
        return head + asked + b"".join(answer + authority + edns)


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        answer = self.server.script.reply(data, "udp")
        if answer:
            sock.sendto(answer, self.client_address)


class Tcp(socketserver.StreamRequestHandler):
    timeout = 10

    def handle(self):
        head = self.rfile.read(2)
        if len(head) == 2:
            answer = self.server.script.reply(self.rfile.read(*struct.unpack("!H", head)), "tcp")
            if answer:
                self.wfile.write(struct.pack("!H", len(answer)) + answer)


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def main(port, log):
    script = Script(log)
    servers = [UdpServer(("127.0.0.1", port), Udp), TcpServer(("127.0.0.1", port), Tcp)]
    for server in servers:
        server.script = script
    threading.Thread(target=servers[0].serve_forever, daemon=True).start()
    servers[1].serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), pathlib.Path(sys.argv[2]))
