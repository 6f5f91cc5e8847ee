"""Directories that misbehave on purpose, each in its own way, each on a port of its own of 127.0.0.1.

    odd.py DIR

DIR has the certificates (certs.py). The ports are written to DIR/odd.json; DIR/odd.log gets a line
"who connect" for every connection, "who said HEX" for what came over it in clear or inside TLS.

    silent      accepts TCP and never says a word           trickle     an octet of a TLS record a second
    mute        TLS, then never answers a request           hang-up     closes every connection at once
    other-ca, expired, wrong-name, self-signed              TLS with such a certificate
    old-tls     TLS 1.1 at most                             stripped    refuses StartTLS, goes on in clear
    referral    answers everything with a referral to rogue rogue       where nobody may ever come
    busy        lets the service account in, then 51        tls-gone    closes TLS after the service bind
    open-door   answers LDAP_SUCCESS to every bind, and every search with an entry of another objectGUID
    extreme     lets everybody in; every number of its entries and its policy is the least or the greatest there is
    boast       TLS, then announces an answer of 2 GiB and sends its first octets
    latin1      refuses the service account in words that are no UTF-8, and tells a terminal what to do
    wordy       the same in more words of UTF-8 than anybody keeps
    endless     lets everybody in and answers a search with entries that never end
"""
import itertools
import json
import pathlib
import socket
import ssl
import sys
import threading
import time
import warnings

BIND, SEARCH, EXTENDED, UNBIND = 0x60, 0x63, 0x77, 0x42
SUCCESS, REFERRAL, BUSY, UNAVAILABLE = 0, 10, 51, 52
STARTTLS = b"1.3.6.1.4.1.1466.20037"


def tlv(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + body


def number(value, tag=2):
    return tlv(tag, value.to_bytes((value.bit_length() + 8) // 8, "big"))


def read_tlv(data, at=0):
    """(tag, value, end) or None when it is not all there."""
    if len(data) < at + 2:
        return None
    size, begin = data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7f
        if len(data) < begin + count:
            return None
        size, begin = int.from_bytes(data[begin:begin + count], "big"), begin + count
    if len(data) < begin + size:
        return None
    return data[at], data[begin:begin + size], begin + size


class Connection:
    def __init__(self, odd, who, sock):
        self.odd, self.who, self.sock, self.data = odd, who, sock, b""
        self.bound = 0

    def requests(self):
        """(message id, operation's tag, value), one after the other."""
        while True:
            while (message := read_tlv(self.data)) is None:
                more = self.sock.recv(4096)
                if not more:
                    return
                self.odd.log(self.who, "said", more.hex())
                self.data += more
            self.data = self.data[message[2]:]
            _, ident, at = read_tlv(message[1])
            tag, value, _ = read_tlv(message[1], at)
            yield int.from_bytes(ident, "big"), tag, value

    def answer(self, ident, tag, code, *more, text=b""):
        self.sock.sendall(tlv(0x30, number(ident), tlv(
            tag, number(code, 10), tlv(4), tlv(4, text), *more)))

    def entry(self, ident, dn, attributes):
        listed = [tlv(0x30, tlv(4, name.encode()), tlv(0x31, tlv(4, value)))
                  for name, value in attributes.items()]
        self.sock.sendall(tlv(0x30, number(ident), tlv(0x64, tlv(4, dn.encode()), tlv(0x30, *listed))))

    def serve(self, bind, search):
        """Speaks LDAP: bind() and search() say what is answered, by result code or as they like."""
        for ident, tag, _ in self.requests():
            if tag == UNBIND:
                return
            if tag == BIND:
                self.bound += 1
                bind(ident)
            elif tag == SEARCH:
                search(ident)
            else:
                self.answer(ident, 0x78, 2)


class Odd:
    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.file = open(self.dir / "odd.log", "a", encoding="ascii", buffering=1)
        self.ports = {}
        self.counter = itertools.count()

    def log(self, *words):
        self.file.write(" ".join(words) + "\n")

    def context(self, name="good"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.dir / f"{name}.pem", self.dir / f"{name}.key")
        return context

    def listen(self, who, serve, context=None):
        server = socket.create_server(("127.0.0.1", 0))
        self.ports[who] = server.getsockname()[1]

        def one(sock):
            try:
                with (context.wrap_socket(sock, server_side=True) if context else sock) as wrapped:
                    self.log(who, "ready")
                    serve(Connection(self, who, wrapped))
            except (OSError, ValueError) as error:
                self.log(who, "ended", type(error).__name__)

        def loop():
            while True:
                sock, _ = server.accept()
                self.log(who, "connect")
                threading.Thread(target=one, args=(sock,), daemon=True).start()

        threading.Thread(target=loop, daemon=True).start()

    def start(self):
        self.listen("silent", lambda c: c.sock.recv(1) and time.sleep(60))
        self.listen("trickle", trickle)
        self.listen("hang-up", lambda c: None)
        self.listen("rogue", lambda c: list(c.requests()))
        self.listen("stripped", stripped)
        self.listen("mute", lambda c: list(c.requests()), self.context())
        for name in ("other-ca", "expired", "wrong-name", "self-signed"):
            self.listen(name, lambda c: list(c.requests()), self.context(name))
        self.listen("old-tls", lambda c: list(c.requests()), self.old())
        self.listen("referral", self.refer, self.context())
        self.listen("busy", self.busy, self.context())
        self.listen("tls-gone", self.tls_gone, self.context())
        self.listen("open-door", open_door, self.context())
        self.listen("extreme", extreme, self.context())
        self.listen("boast", boast, self.context())
        self.listen("endless", endless, self.context())
        self.listen("latin1", refusing(b"\xfcber\x1b[2J"), self.context())
        self.listen("wordy", refusing("\u00fc".encode() * 1000), self.context())

    def old(self):
        context = self.context()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        return context

    def refer(self, connection):
        url = f"ldap://127.0.0.1:{self.ports['rogue']}/".encode()

        def refer(ident, tag):
            connection.answer(ident, tag, REFERRAL, tlv(0xa3, tlv(4, url)))

        def bind(ident):
            if connection.bound == 1:
                connection.answer(ident, 0x61, SUCCESS)
            else:
                refer(ident, 0x61)

        def search(ident):
            connection.sock.sendall(tlv(0x30, number(ident), tlv(0x73, tlv(4, url))))
            refer(ident, 0x65)

        connection.serve(bind, search)

    @staticmethod
    def busy(connection):
        connection.serve(lambda i: connection.answer(i, 0x61, SUCCESS),
                         lambda i: connection.answer(i, 0x65, BUSY))

    @staticmethod
    def tls_gone(connection):
        """After the bind TLS is closed, and the socket would take what comes in clear."""
        def bind(ident):
            connection.answer(ident, 0x61, SUCCESS)
            connection.sock = connection.sock.unwrap()

        connection.serve(bind, lambda i: connection.answer(i, 0x65, SUCCESS))


def trickle(connection):
    connection.sock.recv(1)
    for octet in b"\x16\x03\x03\x40\x00" + b"\x02" * 100:
        connection.sock.sendall(bytes([octet]))
        time.sleep(0.5)


def stripped(connection):
    """Somebody in the middle: StartTLS is "unavailable", a bind in clear would be most welcome."""
    for ident, tag, value in connection.requests():
        if tag == EXTENDED and STARTTLS in value:
            connection.answer(ident, 0x78, UNAVAILABLE)
        elif tag == BIND:
            connection.answer(ident, 0x61, SUCCESS)
        elif tag == UNBIND:
            return


def open_door(connection):
    """Whoever comes is let in; each search finds one person, never the same twice."""
    def search(ident):
        connection.entry(ident, "CN=Somebody,DC=ad,DC=example,DC=test",
                         {"objectGUID": next(connection.odd.counter).to_bytes(16, "big")})
        connection.answer(ident, 0x65, SUCCESS)

    connection.serve(lambda i: connection.answer(i, 0x61, SUCCESS), search)


def extreme(connection):
    """One person; who asks for the lockout policy is told of the same entry."""
    def search(ident):
        least, greatest = b"-9223372036854775808", b"9223372036854775807"
        connection.entry(ident, "CN=Somebody,DC=ad,DC=example,DC=test", {
            "objectGUID": b"\1" * 16, "badPwdCount": greatest, "badPasswordTime": greatest,
            "userAccountControl": least, "msDS-User-Account-Control-Computed": b"0", "lockoutThreshold": greatest,
            "lockOutObservationWindow": least})
        connection.answer(ident, 0x65, SUCCESS)

    connection.serve(lambda i: connection.answer(i, 0x61, SUCCESS), search)


def boast(connection):
    """The head of an answer whose rest never comes."""
    connection.serve(lambda i: connection.sock.sendall(b"\x30\x84\x7f\xff\xff\xf0" + number(i)), lambda i: None)


def refusing(text):
    return lambda connection: connection.serve(lambda i: connection.answer(i, 0x61, 49, text=text), lambda i: None)


def endless(connection):
    """Entries until the caller hangs up, whatever the limit it named."""
    def search(ident):
        entry = tlv(0x30, number(ident), tlv(0x64, tlv(4, b"CN=x"), tlv(0x30, tlv(
            0x30, tlv(4, b"description"), tlv(0x31, tlv(4, b"x" * 60000))))))
        while True:
            connection.sock.sendall(entry * 16)

    connection.serve(lambda i: connection.answer(i, 0x61, SUCCESS), search)


def main(directory):
    odd = Odd(directory)
    odd.start()
    new = odd.dir / "odd.json.new"
    new.write_text(json.dumps(odd.ports), encoding="ascii")
    new.rename(odd.dir / "odd.json")
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
