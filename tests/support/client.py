"""The HTTP client of the tests: checks every answer against the contract and remembers it."""
import collections
import json
import time
import uuid

import requests

from .contract import Contract

# What a failing test prints: the last requests with their answers.
TRANSCRIPT = collections.deque(maxlen=6)
_CONTRACT = None


def contract():
    global _CONTRACT
    if _CONTRACT is None:
        _CONTRACT = Contract()
    return _CONTRACT


class Answer:
    """One answer: status, headers, raw bytes, and the JSON if it is JSON."""

    def __init__(self, response, method, request_id):
        self.status = response.status_code
        self.headers = response.headers
        self.content = response.content
        self.text = response.text
        self.method = method
        self.url = response.url
        self.request_id = response.headers.get("X-Request-Id", request_id)
        media = self.headers.get("Content-Type", "").split(";")[0]
        self.json = response.json() if media.endswith("json") and self.content else None

    def __getitem__(self, name):
        return self.json[name]

    @property
    def code(self):
        """The problem's slug."""
        return (self.json or {}).get("code")

    def pointers(self):
        return [fault["pointer"] for fault in self.json.get("errors", [])]

    def blockers(self):
        return [blocker["code"] for blocker in self.json.get("blockers", [])]

    def expect(self, status, code=None):
        told = f"{self.method} {self.url}: {status} {code or ''} wanted, {self.status} came: {self.text[:2000]}"
        assert self.status == status, told
        if code is not None:
            assert self.code == code, told
        return self


class Api:
    """One caller: a base URL and a token (None: nobody)."""

    def __init__(self, base_url, token=None, checked=True):
        self.base_url = base_url.rstrip("/")
        self.token = token
        self.checked = checked
        self.session = requests.Session()
        self.session.trust_env = False
        self.last = time.monotonic()

    def at(self, base_url):
        """The same caller through another replica."""
        return Api(base_url, self.token, self.checked)

    def request(self, method, path, body=None, headers=None, data=None, checked=None, timeout=40, **options):
        request_id = f"test-{uuid.uuid4()}"
        sent = {"X-Request-Id": request_id}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        if time.monotonic() - self.last > 5:
            self.session.close()  # the service closes idle connections: no request may run into that
        response = self.session.request(method, self.base_url + path, headers=sent, data=data, timeout=timeout,
                                        allow_redirects=False, **options)
        self.last = time.monotonic()
        answer = Answer(response, method, request_id)
        TRANSCRIPT.append((method, path, sent, data, answer))
        if self.checked if checked is None else checked:
            self.check(answer)
        return answer

    def check(self, answer):
        has_body = answer.method != "HEAD" and answer.status not in (204, 304)
        contract().check(answer.method, answer.url, answer.status, answer.headers,
                         answer.json if has_body and answer.json is not None else None)
        assert answer.headers.get("X-Request-Id"), "every answer carries X-Request-Id"
        assert answer.headers.get("X-Content-Type-Options") == "nosniff"
        if answer.status >= 400 and has_body:
            assert answer.headers.get("Content-Type", "").startswith("application/"), answer.text[:300]

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body=body, **options)

    def put(self, path, body=None, **options):
        return self.request("PUT", path, body=body, **options)

    def patch(self, path, body=None, **options):
        return self.request("PATCH", path, body=body, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def all(self, path):
        """Every item of a list, over all its pages."""
        items, cursor = [], None
        while True:
            joint = "&" if "?" in path else "?"
            page = self.get(path + (f"{joint}cursor={cursor}" if cursor else "")).expect(200)
            items += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return items


def transcript(instance):
    """The last requests, their answers and the service's log lines for them, for people."""
    told = []
    for method, path, headers, data, answer in TRANSCRIPT:
        shown = {name: "Bearer ..." if name == "Authorization" else value for name, value in headers.items()}
        told.append(f"> {method} {path}\n> {shown}\n> {str(data or '')[:1500]}")
        told.append(f"< {answer.status} {dict(answer.headers)}\n< {answer.text[:1500]}")
        told += [f"log {line[:1000]}" for line in instance.log_lines(answer.request_id)]
    return "\n".join(told)
