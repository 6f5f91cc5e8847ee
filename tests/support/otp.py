"""Codes: of an authenticator app (RFC 6238), and of the mails that the instance's mail server keeps."""
import base64
import hashlib
import hmac
import pathlib
import re
import struct
import time

from peers.mail.peer import MailPeer

CODE = re.compile(r"^\s*(\d{6,8})\s*$", re.MULTILINE)


def now(instance):
    """The service's time: the system's and the offset of the test clock."""
    offset = pathlib.Path(instance["CLOCK_FILE"]).read_bytes()[:8]
    return time.time() + int.from_bytes(offset, "little", signed=True)


def totp(secret, at):
    """The code of a base32 secret at a time."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[start:start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def code_of(message):
    """The code of a mail: digits on a line of their own."""
    text = message.get_body(("plain",)).get_content()
    found = CODE.search(text)
    assert found, text
    return found[1]


def coded_mails(instance, to, count=1, seconds=20):
    """The mails with a code that came for an address, oldest first, once there are `count`: others only tell."""
    peer, end = MailPeer(instance["MAIL_DIR"]), time.monotonic() + seconds
    while True:
        found = [mail for mail in peer.mails(to) if CODE.search(mail.get_body(("plain",)).get_content())]
        if len(found) >= count:
            return found
        assert time.monotonic() < end, f"{to} got {len(found)} codes, not {count}"
        time.sleep(0.05)


def mailed_code(instance, to, count=1, seconds=20):
    """The newest code that was mailed to an address, once `count` have come."""
    return code_of(coded_mails(instance, to, count, seconds)[-1])
