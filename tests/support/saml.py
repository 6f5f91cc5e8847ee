"""The way through a SAML identity provider, as a browser and the client beside it go it."""
import base64
import html
import re
import urllib.parse
import zlib

import requests

from peers.saml import forge

HERE = "/v1/second-factor-challenges"


def browser():
    """A browser that follows nothing by itself and knows no proxy."""
    session = requests.Session()
    session.trust_env = False
    return session


class Asked:
    """Somebody new, linked at an identity provider, whose request asks for a sign-in there."""

    def __init__(self, world, connector, profile, issuer, subject):
        self.world, self.connector = world, connector
        self.user = world.user()
        self.api = world.sign_in(self.user)
        self.profile, self.subject = profile, subject
        if subject:
            world.made("enterprise_admin", f"/v1/users/{self.user['id']}/identities",
                       {"kind": "saml", "issuer": issuer, "subject": subject})
        self.request = self.challenge = self.form = self.location = self.policy = None
        self.request_id = self.relay_state = None
        self.browser = browser()

    def submitted(self):
        """A request that is `authenticating`."""
        certificate = self.world.made("officer", "/v1/certificates/import", {
            **self.world.import_body(san=()), "profile_id": self.profile, "owner_id": self.user["id"]})
        ready = self.world.journey.ready(certificate, self.api)
        self.request = self.api.post(f"/v1/reissue-requests/{ready['id']}/submit", {}).expect(200).json
        return self.request

    def ask(self, **more):
        """A challenge; its link leads to the identity provider."""
        request = self.request or self.submitted()
        self.challenge = self.api.post(HERE, {
            "reissue_request_id": request["id"], "mechanism": "saml", "connector_id": self.connector["id"],
            **more}).expect(201).json
        return self.challenge

    def go(self):
        """Opens the link: where the browser is sent, and what the request says."""
        answer = self.browser.get(self.challenge["redirect_url"], allow_redirects=False, timeout=20)
        if answer.status_code == 303:
            self.location = answer.headers["Location"]
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.location).query)
            self.relay_state = query["RelayState"][0]
            xml = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15).decode()
        else:
            assert answer.status_code == 200, answer.text
            self.policy = answer.headers["Content-Security-Policy"]
            self.location = html.unescape(re.search(r'action="([^"]+)"', answer.text)[1])
            self.form = {name: html.unescape(value) for name, value in re.findall(
                r'name="(\w+)" value="([^"]*)"', answer.text)}
            self.relay_state = self.form["RelayState"]
            xml = base64.b64decode(self.form["SAMLRequest"]).decode()
        self.request_id = re.search(r'\bID="([^"]+)"', xml)[1]
        return xml

    def come_back(self, fields, path=None):
        """What the browser posts to us; fields: a dict, or pairs where one may stand twice."""
        path = path or f"/v1/callbacks/saml/{self.connector['id']}"
        return self.browser.post(self.world["nobody"].base_url + path, data=fields, allow_redirects=False,
                                 timeout=20)

    def post(self, xml, **more):
        return self.come_back({"SAMLResponse": forge.b64(xml), "RelayState": self.relay_state, **more})

    @staticmethod
    def result(answer):
        """The result that the page shows, or None."""
        found = re.search(r'<code id="result">([^<]+)</code>', answer.text)
        return found[1] if found else None

    def complete(self, result, api=None):
        return (api or self.api).post(f"{HERE}/{self.challenge['id']}/complete", {"result": result})

    def now(self):
        return self.api.get(f"{HERE}/{self.challenge['id']}").expect(200).json

    def request_now(self):
        return self.api.get(f"/v1/reissue-requests/{self.request['id']}").expect(200).json

    def nothing_issued(self):
        now = self.request_now()
        assert now["status"] == "authenticating" and now["new_certificate_id"] is None, now

    def events(self):
        return self.world["auditor"].get(f"/v1/audit-events?object_id={self.challenge['id']}&sort=created_at"
                                         "&limit=200").expect(200)["items"]
