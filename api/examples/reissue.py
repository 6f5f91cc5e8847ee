#!/usr/bin/env python3
"""Reissues a revoked certificate for a new key: the standard library and openssl, nothing else.

    . .run/env && export BASE_URL SUBSCRIBER_TOKEN REVOKED_CERTIFICATE_ID && api/examples/reissue.py
"""
import json
import os
import subprocess
import tempfile
import urllib.error
import urllib.request
import uuid

BASE = os.environ["BASE_URL"]
TOKEN = os.environ["SUBSCRIBER_TOKEN"]


class Problem(Exception):
    """A refusal: a problem document (RFC 9457)."""


def call(method, path, body=None, accept="application/json"):
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": accept}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if method == "POST":
        # The same key on a retry after a lost answer gives the first answer, not a second effect.
        headers["Idempotency-Key"] = uuid.uuid4().hex
    request = urllib.request.Request(BASE + path, method=method, headers=headers,
                                     data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        told = [problem["detail"]] + [f"{fault['pointer']}: {fault['detail']}" for fault in problem.get("errors", [])]
        raise Problem(f"{error.code} {problem['code']}: {'; '.join(told)}") from error
    return json.loads(content) if accept == "application/json" else content.decode()


def new_csr(folder):
    """A key that stays in the folder, and a CSR for it; the names come from the request."""
    subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=new key", "-keyout", f"{folder}/new.key", "-out", f"{folder}/new.csr"],
                   check=True, capture_output=True)
    with open(f"{folder}/new.csr", encoding="ascii") as file:
        return file.read()


def main():
    folder = tempfile.mkdtemp()
    request = call("POST", "/v1/reissue-requests", {
        "certificate_id": os.environ["REVOKED_CERTIFICATE_ID"], "reason": "key_lost", "csr": new_csr(folder)})
    path = f"/v1/reissue-requests/{request['id']}"
    request = call("PATCH", path, {"subject": {"common_name": "Alice P. Example"}})
    text = request["agreement"]
    if text["required"]:
        call("PUT", f"{path}/agreement", {**{name: text[name] for name in (
            "agreement_id", "version", "language", "sha256")}, "accepted": True})
    preflight = call("GET", f"{path}/preflight")
    if not preflight["ready"]:
        raise SystemExit("still missing: " + "; ".join(blocker["detail"] for blocker in preflight["blockers"]))
    request = call("POST", f"{path}/submit", {"message": "lost laptop"})
    print(request["number"], request["status"])
    with open(f"{folder}/new.pem", "w", encoding="ascii") as file:
        file.write(call("GET", f"{path}/certificate", accept="application/pem-certificate-chain"))
    print(f"{folder}/new.pem")


if __name__ == "__main__":
    main()
