"""server.py DIR: the listeners of peer.py in one process, by aiosmtpd.

What a recipient's local part says is done:
    codeNNN-...    RCPT is answered NNN
    onceNNN-...    the first RCPT of this address is answered NNN, later ones 250
    dataNNN-...    the message is answered NNN
    hang-...       RCPT is never answered
    mute-...       the message is never answered
    echoAT-...     AT ("rcpt" or "data") is refused in words that repeat the address and, of the message, the code
    dripAT-...     the answer to AT ("rcpt" or "data") comes by octets, five a second, and never ends
    floodAT-...    the same as lines, as fast as they are taken
"""
import asyncio
import json
import pathlib
import re
import ssl
import sys
import time

from aiosmtpd.smtp import SMTP, AuthResult

# name: (certificate, TLS from the first byte, STARTTLS offered, sign-in demanded)
LISTENERS = {
    "starttls": ("good", False, True, False),
    "implicit": ("good", True, False, False),
    "auth": ("good", False, True, True),
    "plain": (None, False, False, False),
    "wrong_ca": ("foreign", False, True, False),
    "expired": ("expired", False, True, False),
    "wrong_host": ("elsewhere", False, True, False),
}
SCRIPT = re.compile(r"(code|once|data)([245]\d\d)\b")


ENDLESS = re.compile(r"(drip|flood)(rcpt|data)\b")


async def answer_without_end(server, address, command):
    """Does not come back while the caller listens, when the address says so of this command."""
    found = ENDLESS.match(address)
    if not found or found[2] != command:
        return
    while not server.transport.is_closing():
        server.transport.write(b"2" if found[1] == "drip" else b"250-and more\r\n" * 1000)
        await server._writer.drain()
        if found[1] == "drip":
            await asyncio.sleep(0.2)


def echo(address, command, content=b""):
    """The reply that repeats what it was given, when the address says so of this command."""
    code = re.search(rb"\b\d{6,8}\r?$", content, re.MULTILINE)
    if address.startswith(f"echo{command}"):
        return f"550 5.1.1 <{address.upper()}>: nobody here; {address}; it said {code[0].decode().strip() if code else ''}"
    return None


def scripted(address, word):
    found = SCRIPT.match(address)
    return f"{found[2]} as the address says" if found and found[1] == word else None


class Handler:
    """Answers as the recipient's address says and keeps what it takes."""

    def __init__(self, outbox):
        self.outbox = outbox
        self.seen = set()

    async def handle_RCPT(self, server, _session, envelope, address, _options):
        await answer_without_end(server, address, "rcpt")
        if address.startswith("hang"):
            await asyncio.sleep(3600)
        reply = scripted(address, "code") or echo(address, "rcpt")
        if reply is None and address not in self.seen:
            reply = scripted(address, "once")
        self.seen.add(address)
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server, _session, envelope):
        for address in envelope.rcpt_tos:
            await answer_without_end(server, address, "data")
            if address.startswith("mute"):
                await asyncio.sleep(3600)
            reply = scripted(address, "data") or echo(address, "data", envelope.content)
            if reply:
                return reply
        name = f"{time.time_ns():020d}-{re.sub('[^A-Za-z0-9@.+-]', '_', envelope.rcpt_tos[0])[:100]}.eml"
        text = envelope.original_content.replace(b"\r\n", b"\n")
        part = self.outbox / f".{name}.part"
        part.write_bytes(text)
        part.rename(self.outbox / name)
        return "250 kept"


class Wire(SMTP):
    """One connection whose bytes, decrypted where TLS is on, are written down."""

    name, log = "", None

    def data_received(self, data):
        tls = self.session is not None and self.session.ssl is not None
        self.log.write(json.dumps({"at": time.time(), "listener": self.name, "connection": id(self.transport),
                                   "tls": tls or self._implicit, "data": data.decode("latin-1")}) + "\n")
        self.log.flush()
        super().data_received(data)

    _implicit = False


def context_of(directory, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / f"{certificate}.crt", directory / f"{certificate}.key")
    return context


async def main(directory):
    state = json.loads((directory / "mail.json").read_text())
    handler = Handler(pathlib.Path(state["outbox"]))
    known = (state["username"].encode(), state["password"].encode())

    def authenticate(_server, _session, _envelope, _mechanism, data):
        return AuthResult(success=(data.login, data.password) == known, handled=False)

    with open(directory / "wire.jsonl", "a", encoding="ascii") as log:
        loop = asyncio.get_running_loop()
        for name, (certificate, implicit, starttls, demanded) in LISTENERS.items():
            context = context_of(directory, certificate) if certificate else None

            def connection(name=name, context=context, implicit=implicit, starttls=starttls, demanded=demanded):
                server = Wire(handler, hostname="mail.demo.invalid", ident="reissued demo",
                              tls_context=context if starttls else None, require_starttls=starttls,
                              authenticator=authenticate, auth_required=demanded,
                              auth_require_tls=not implicit, enable_SMTPUTF8=False)
                server.name, server.log, server._implicit = name, log, implicit
                return server

            await loop.create_server(connection, "127.0.0.1", state["ports"][name],
                                     ssl=context if implicit else None)
        (directory / "ready").write_text("")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(pathlib.Path(sys.argv[1])))
