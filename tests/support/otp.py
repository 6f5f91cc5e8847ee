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


def mailed_code(instance, to, count=1):
    """The code of the newest mail to an address, once `count` have come."""
    return code_of(MailPeer(instance["MAIL_DIR"]).wait_for(to, count)[-1])
