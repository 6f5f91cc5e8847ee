"""The instance's own mail servers, and an enterprise with relays of a test's choice."""
import re
import uuid

from peers.mail.peer import MailPeer

from .client import Api

PASSWORD = "correct horse battery staple"
LINK = re.compile(r"(https?://\S+?(/v1/domain-validations/[0-9a-f-]{36}/confirm))#([A-Za-z0-9_-]{43})")


def mail_of(instance):
    return MailPeer(instance["MAIL_DIR"])


def text_of(message):
    """The text part of a mail."""
    return message.get_body(("plain",)).get_content()


def html_of(message):
    return message.get_body(("html",)).get_content()


def link_of(message):
    """(path of the page, token) of a mail that asks for a confirmation."""
    found = LINK.search(text_of(message))
    assert found, text_of(message)
    return found[2], found[3]


class Enterprise:
    """A new enterprise: an admin and an officer, no connectors at first."""

    def __init__(self, instance, platform):
        self.base_url, self.mail = instance["BASE_URL"], mail_of(instance)
        self.id = platform.post("/v1/enterprises", {"name": f"Mail {uuid.uuid4().hex[:10]}"}).expect(201)["id"]
        self.admin, self.officer = (self._person(platform, role) for role in ("admin", "ra_officer"))

    def _person(self, platform, role):
        email = f"{role.replace('_', '-')}-{uuid.uuid4().hex[:10]}@example.test"
        platform.post("/v1/users", {"enterprise_id": self.id, "role": role, "email": email, "name": f"The {role}",
                                    "password": PASSWORD}).expect(201)
        session = Api(self.base_url).post("/v1/sessions", {"email": email, "password": PASSWORD}).expect(201)
        return Api(self.base_url, session["access_token"])

    def relay(self, listener="starttls", priority=100, port=None, **settings):
        """An smtp connector to one of the peer's listeners; its id."""
        wanted = {"host": "127.0.0.1", "port": port or self.mail.port(listener), "ca_pem": self.mail.ca,
                  "tls": "implicit" if listener == "implicit" else "starttls", "from": "ra@example.test",
                  "priority": priority, "timeout_s": 2, **settings}
        return self.admin.post("/v1/connectors", {"kind": "smtp", "name": f"{listener} {uuid.uuid4().hex[:6]}",
                                                  "settings": wanted}).expect(201)["id"]
