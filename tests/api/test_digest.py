"""The content digest, computed here a second time: SHA-256 of the RFC 8785 JSON of 1.3."""
import hashlib
import json

import pytest

from support.keys import make_csr, make_key, unique_name

MEMBERS = ("mode", "days", "not_after")


def recomputed(request, certificate):
    """From nothing but what the API shows. RFC 8785 for ASCII member names, strings and integers."""
    content = {
        "v": 1, "request_id": request["id"], "round": request["round"],
        "certificate_sha256": certificate["fingerprint_sha256"], "profile_id": request["profile_id"],
        "profile_revision": request["profile_revision"], "subject": request["subject"],
        "san": sorted(request["san"], key=lambda name: (name["type"], name["value"])),
        "validity": {name: request["validity"][name] for name in MEMBERS},
        "spki_sha256": request["key"]["spki_sha256"] if request["key"] else None,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.invariant(20)
def test_the_digest_can_be_recomputed(journey, caller_subscriber, caller_enterprise_admin):
    """At each step the digest is that of the content shown, and each change of content changes it."""
    profile = journey.profile()
    certificate = journey.revoked(profile_id=profile)
    request = journey.request(certificate)
    path = f"/v1/reissue-requests/{request['id']}"
    seen = [request["digest"]]
    assert request["digest"] == recomputed(request, certificate)
    name = unique_name()
    steps = [
        ("csr", {"csr": make_csr(make_key())}),
        (None, {"subject": {"common_name": "Zoë \"Quote\" \\ 名前", "organizational_unit": ["b", "a"]}}),
        (None, {"san": [{"type": "email", "value": "z@example.com"}, {"type": "dns", "value": name},
                        {"type": "dns", "value": "*." + name}, {"type": "email", "value": "a@example.com"}]}),
        (None, {"validity": {"mode": "days", "days": 29}}),
        (None, {"validity": {"mode": "not_after", "not_after": request["validity"]["effective_not_after"]}}),
        ("csr", {"csr": make_csr(make_key())}),
    ]
    for where, body in steps:
        answer = caller_subscriber.put(f"{path}/csr", body) if where else caller_subscriber.patch(path, body)
        assert answer.expect(200)["digest"] == recomputed(answer.json, certificate)
        assert answer["digest"] not in seen
        assert caller_subscriber.get(path).expect(200)["digest"] == answer["digest"]
        seen.append(answer["digest"])
    caller_enterprise_admin.patch(f"/v1/profiles/{profile}", {"notes": {"key": "Bring one."}}).expect(200)
    followed = caller_subscriber.get(path).expect(200)
    assert followed["profile_revision"] == 2 and followed["digest"] == recomputed(followed.json, certificate)
    assert followed["digest"] not in seen
    # A list tells the same, of a draft that nobody has touched since.
    listed = caller_subscriber.get(f"/v1/reissue-requests?number={request['number']}").expect(200)["items"]
    assert [one["digest"] for one in listed] == [followed["digest"]]


def test_message_and_reason_are_not_content(journey, caller_subscriber):
    """Message and reason do not change the digest."""
    request = journey.ready()
    path = f"/v1/reissue-requests/{request['id']}"
    changed = caller_subscriber.patch(path, {"message": "please", "reason": "other"}).expect(200)
    assert changed["digest"] == request["digest"] and changed["revision"] > request["revision"]
