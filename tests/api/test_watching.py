"""What operators see: metrics in the text format of Prometheus, and a log of allow-listed fields (8.5)."""
import json
import re
import time
import uuid

import pytest

from support.client import Api

ROOT_FIELDS = {"time", "level", "event", "request_id", "actor", "enterprise", "at"}
FIELDS = {"address", "bytes", "cause", "code", "count", "detail", "duration_ms", "path", "issuer", "job", "key",
          "method", "object", "port", "route", "serial", "source", "status", "user_agent", "version"}
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="((?:[^"\\\n]|\\[\\n"])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9.]+)")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


def scrape(nobody):
    answer = nobody.get("/metrics", checked=False).expect(200)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    kinds, samples, told = {}, {}, None
    for line in answer.text.splitlines():
        if line.startswith("# HELP "):
            told = line.split(" ", 3)[2]
            assert line.split(" ", 3)[3], line
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == told and kind in ("counter", "gauge", "histogram") and name not in kinds, line
            kinds[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            base = re.sub("_(bucket|sum|count)$", "", match[1]) if match[1] not in kinds else match[1]
            assert base in kinds, line
            assert line.rsplit(" ", 1)[0] not in samples, line
            samples[line.rsplit(" ", 1)[0]] = float(line.rsplit(" ", 1)[1])
    for name, kind in kinds.items():
        assert (kind == "counter") == name.endswith("_total"), name
    return kinds, samples


def test_metrics_are_in_the_format_and_name_nobody(caller_nobody, caller_subscriber):
    """Each sample belongs to a declared metric; labels hold templates and words, never an id or a path."""
    caller_subscriber.get(f"/v1/certificates/{uuid.uuid4()}").expect(404)
    caller_nobody.get(f"/secret-{uuid.uuid4().hex}", checked=False).expect(404)
    _, samples = scrape(caller_nobody)
    assert not any(UUID.search(name) or "secret-" in name for name in samples)
    assert any('route="/v1/certificates/{id}"' in name for name in samples)
    assert any('route="unknown"' in name for name in samples)
    buckets = {}
    for name, value in samples.items():
        if "_bucket{" in name:
            series, le = re.sub(r',?le="[^"]*"', "", name), re.search(r'le="([^"]*)"', name)[1]
            buckets.setdefault(series, []).append((float(le.replace("+Inf", "inf")), value))
    for series, values in buckets.items():
        assert values == sorted(values) and [v for _, v in values] == sorted(v for _, v in values), series
        assert values[-1][0] == float("inf")


def test_what_is_done_is_counted(instance, caller_nobody, journey):
    """Certificates, signatures, sign-ins and the end of the issuer show in the metrics of the replica that did it."""
    def value(prefix):
        return sum(value for name, value in scrape(caller_nobody)[1].items() if name.startswith(prefix))

    def counts():
        return {prefix: value(prefix) for prefix in (
            "reissued_certificates_issued_total", "reissued_signature_duration_seconds_count",
            'reissued_logins_total{result="done"}', 'reissued_logins_total{result="login-failed"}')}

    before = counts()
    journey.issued()
    body = {"email": instance["SUBSCRIBER_EMAIL"], "password": instance["SUBSCRIBER_PASSWORD"]}
    caller_nobody.post("/v1/sessions", {**body, "email": f"{uuid.uuid4().hex}@example.test"}).expect(401)
    caller_nobody.post("/v1/sessions", body).expect(201)
    after = counts()
    assert all(after[name] > before[name] for name in before), (before, after)
    assert value("reissued_issuer_not_after_seconds") > time.time()
    assert "reissued_outbox_backlog" in scrape(caller_nobody)[1]


@pytest.mark.invariant(29, 37)
def test_the_log_holds_allowed_fields_and_no_secrets(instance, callers):
    """Every line is one JSON object of the closed list; nothing that was sent as a secret is in any."""
    canary = f"canary-{uuid.uuid4().hex}"
    nobody = callers["nobody"]
    nobody.post("/v1/sessions", {"email": f"{canary}@example.test", "password": canary}).expect(401)
    Api(instance["BASE_URL"], f"rsd_{canary}").get("/v1/me").expect(401)
    nobody.get(f"/v1/me?access_token={canary}", checked=False)
    nobody.get(f"/{canary}", checked=False).expect(404)
    nobody.post("/oauth2/token", data=f"grant_type=client_credentials&client_id={uuid.uuid4()}&client_secret={canary}",
                headers={"Content-Type": "application/x-www-form-urlencoded"}).expect(401)
    callers["subscriber"].post("/v1/me/password", {"current_password": canary, "new_password": canary}).expect(422)
    last = callers["subscriber"].get("/v1/me", headers={"Cookie": canary, "Referer": canary}).expect(200)
    until = time.monotonic() + 5
    while not instance.log_lines(last.request_id):
        assert time.monotonic() < until
        time.sleep(0.1)
    for log in instance.logs:
        with open(log, encoding="utf-8") as lines:
            for line in lines:
                assert canary not in line
                if line.startswith("{"):
                    assert set(json.loads(line)) <= ROOT_FIELDS | FIELDS, line
