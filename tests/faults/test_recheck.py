"""I16: CAA is looked up again before signing once its check is older than seven hours; so is control."""
import time

import pytest

from support.dns import fresh, peer_of
from support.keys import make_csr, make_key


@pytest.fixture
def moved(own):
    """Moves the service's clock; it is set back afterwards."""
    yield lambda by: own.dev("clock", by)
    own.dev("clock", "0")


def verified(own, *names, **profile):
    """A draft for the names whose status is Verified."""
    journey, caller = own.journey(), own.caller("SUBSCRIBER_TOKEN")
    profile = journey.profile(caa="required", agreement_id=None, **profile)
    certificate = journey.callers["officer"].post("/v1/certificates", {
        "profile_id": journey.profile(agreement_id=None), "csr": make_csr(make_key()),
        "owner_id": journey.user_id(caller), "subject": {"common_name": "Recheck"}}).expect(201).json
    with own.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE certificate SET profile_id = %s WHERE id = %s", (profile, certificate["id"]))
    request = journey.request(certificate, csr=make_csr(make_key()), san=[{"type": "dns", "value": name} for name in names])
    seen = caller.post(f"/v1/reissue-requests/{request['id']}/verify", {}).expect(200)
    assert {domain["status"] for domain in seen["domains"]} == {"verified"}, seen["domains"]
    return request


@pytest.mark.invariant(16)
@pytest.mark.parametrize("later,issued", [("+6h", True), ("+7h1m", False)])
def test_caa_that_changed_is_seen_after_seven_hours(own, moved, later, issued):
    """Verified, then CAA forbids: within seven hours the check holds, after them submit is refused."""
    dns, name = peer_of(own), fresh("recheck")
    request = verified(own, name)
    dns.set(name, "CAA", '0 issue ";"')
    moved(later)
    answer = own.caller("SUBSCRIBER_TOKEN").post(f"/v1/reissue-requests/{request['id']}/submit", {})
    if issued:
        assert answer.expect(200)["status"] == "issued"
    else:
        assert answer.expect(409, "not-ready").blockers() == ["caa-forbidden"]


@pytest.mark.invariant(16)
def test_an_unchanged_name_is_looked_up_again_by_itself(own, moved):
    """After seven hours submit looks again, finds CAA as it was, and issues."""
    dns, name = peer_of(own), fresh("again")
    request = verified(own, name)
    before = dns.count(name, "CAA")
    moved("+7h1m")
    seen = own.caller("SUBSCRIBER_TOKEN").get(f"/v1/reissue-requests/{request['id']}").expect(200)
    assert seen["domains"][0]["caa"]["status"] == "stale" and seen["domains"][0]["status"] == "expired"
    done = own.caller("SUBSCRIBER_TOKEN").post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(200)
    assert done["status"] == "issued"
    assert dns.count(name, "CAA") >= before


@pytest.mark.invariant(15, 16)
def test_the_77th_of_a_hundred_changes_before_submit(own, moved):
    """100 names verified, then CAA of the 77th forbids: past the window submit asks all 100 and names that one."""
    dns, names = peer_of(own), [fresh(f"n{i}") for i in range(100)]
    request = verified(own, *names)
    caller = own.caller("SUBSCRIBER_TOKEN")

    def counts(least):
        # named writes its query log when it finds the time
        until = time.monotonic() + 15
        while True:
            seen = [dns.count(name, "CAA") for name in names]
            if min(seen) >= least or time.monotonic() > until:
                return seen
            time.sleep(0.5)

    before = counts(1)
    assert min(before) >= 1
    dns.set(names[76], "CAA", '0 issue ";"')
    moved("+7h1m")
    refused = caller.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(409, "not-ready")
    assert [(one["code"], one["pointer"]) for one in refused["blockers"]] == [("caa-forbidden", "/san/76")]
    assert names[76] in refused["blockers"][0]["detail"]
    after = counts(max(before) + 1) if len(set(before)) == 1 else [dns.count(name, "CAA") for name in names]
    assert all(now > then for now, then in zip(after, before)), "each of the 100 names was asked for again"
    seen = caller.get(f"/v1/reissue-requests/{request['id']}").expect(200)
    assert [place for place, domain in enumerate(seen["domains"]) if domain["status"] != "verified"] == [76]
    assert seen["status"] == "draft"


def test_the_registry_is_asked_at_submit(own):
    """A name that left the enterprise's registry blocks preflight and submit; registered again it is issued."""
    caller, officer, name = own.caller("SUBSCRIBER_TOKEN"), own.caller("OFFICER_TOKEN"), fresh("owned")
    request = verified(own, name)
    path = f"/v1/reissue-requests/{request['id']}"
    other = officer.post("/v1/domains", {"name": fresh("other")}).expect(201)
    try:
        seen = caller.get(path).expect(200)
        assert [(one["code"], one["step"], one["pointer"]) for one in seen["blockers"]] == [
            ("name-not-registered", "san", "/san/0")]
        assert not caller.get(f"{path}/preflight").expect(200)["ready"]
        refused = caller.post(f"{path}/submit", {}).expect(409, "not-ready")
        assert refused.blockers() == ["name-not-registered"]
        assert caller.get(path).expect(200)["status"] == "draft"
        mine = officer.post("/v1/domains", {"name": name}).expect(201)
        try:
            assert caller.post(f"{path}/submit", {}).expect(200)["status"] == "issued"
        finally:
            officer.delete(f"/v1/domains/{mine['id']}").expect(204)
    finally:
        officer.delete(f"/v1/domains/{other['id']}").expect(204)


@pytest.mark.invariant(16)
def test_vetting_after_seven_hours_looks_again(own, moved):
    """An approval whose CAA check has grown old is refused when CAA now forbids, and records nothing."""
    dns, name = peer_of(own), fresh("vetting")
    request = verified(own, name, vetting=True)
    path = f"/v1/reissue-requests/{request['id']}"
    own.caller("SUBSCRIBER_TOKEN").post(f"{path}/submit", {}).expect(200)
    dns.set(name, "CAA", '0 issue "other.example"')
    moved("+8h")
    officer = own.caller("OFFICER_TOKEN")
    digest = officer.get(path).expect(200)["digest"]
    assert officer.post(f"{path}/approve", {"digest": digest}).expect(409, "not-ready").blockers() == ["caa-forbidden"]
    seen = officer.get(path).expect(200)
    assert seen["status"] == "pending" and seen["approvals"] == []


@pytest.mark.invariant(15)
def test_control_runs_out(own, moved):
    """A proof of control counts for reuse_days; the last second included it is valid, a day later it is not."""
    dns, name = peer_of(own), fresh("reuse")
    caller = own.caller("SUBSCRIBER_TOKEN")
    made = caller.post("/v1/domain-validations", {"identifier": {"type": "dns", "value": name},
                                                  "method": "dns_txt"}).expect(201)
    dns.set(f"_validation.{name}", "TXT", f'"{made["instructions"]["record"]["value"]}"')
    assert caller.post(f"/v1/domain-validations/{made['id']}/verify", {}).expect(200)["status"] == "valid"
    request = verified(own, name, control="required", control_methods=["dns_txt"], reuse_days=10)
    moved("+11d")
    seen = caller.get(f"/v1/reissue-requests/{request['id']}").expect(200)
    assert seen["domains"][0]["control"]["status"] == "expired"
    assert caller.post(f"/v1/reissue-requests/{request['id']}/submit", {}).expect(409, "not-ready").blockers() == [
        "domain-unverified"]
