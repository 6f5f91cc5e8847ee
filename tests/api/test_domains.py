"""The registry of domains."""
import uuid

import pytest


def fresh(label="registry"):
    return f"{label}-{uuid.uuid4().hex[:12]}.example.com"


@pytest.fixture
def domain(caller_officer_other):
    """Made in the other enterprise, so that the names of the first stay free of a registry."""
    made = caller_officer_other.post("/v1/domains", {"name": fresh()}).expect(201)
    yield made
    caller_officer_other.delete(f"/v1/domains/{made['id']}")


def test_a_domain_is_registered_read_listed_and_removed(caller_officer_other):
    """An officer registers a name; it is normalised, read, found in the list, and goes."""
    name = fresh()
    made = caller_officer_other.post("/v1/domains", {"name": name.upper() + "."}).expect(201)
    assert made["name"] == name and made["include_subdomains"] is True
    assert made.headers["Location"].endswith(f"/v1/domains/{made['id']}")
    path = f"/v1/domains/{made['id']}"
    assert caller_officer_other.get(path).expect(200).json == made.json
    listed = caller_officer_other.get(f"/v1/domains?name={name}").expect(200)
    assert [item["id"] for item in listed["items"]] == [made["id"]]
    caller_officer_other.post("/v1/domains", {"name": name}).expect(409, "already-exists")
    caller_officer_other.delete(path, headers={"If-Match": '"7.0"'}).expect(412)
    caller_officer_other.delete(path).expect(204)
    caller_officer_other.get(path).expect(404)


@pytest.mark.parametrize("name", ["com", "co.uk", "*.example.com", "a..b", "exa mple.com", "-a.example.com",
                                  "1.2.3.4", "", "x" * 64 + ".example.com"])
def test_what_nobody_owns_is_refused(caller_officer_other, name):
    """A public suffix, a wildcard, an address or a malformed name is no domain of one's own."""
    answer = caller_officer_other.post("/v1/domains", {"name": name}).expect(422)
    assert answer.pointers() == ["/name"]


def test_who_may_use_the_registry(caller_subscriber, caller_auditor, caller_officer, domain):
    """Subscribers and auditors have no registry; another enterprise's entry is absent."""
    caller_subscriber.get("/v1/domains").expect(403)
    caller_auditor.post("/v1/domains", {"name": fresh()}).expect(403)
    caller_subscriber.get(f"/v1/domains/{domain['id']}").expect(404)
    caller_officer.get(f"/v1/domains/{domain['id']}").expect(404)
    caller_officer.delete(f"/v1/domains/{domain['id']}").expect(404)
