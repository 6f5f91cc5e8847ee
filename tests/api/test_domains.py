"""The registry of domains."""
import uuid

import pytest

from support.keys import make_csr, make_key
from support.mail import Enterprise


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


@pytest.fixture(scope="module")
def enrolling(instance, callers):
    """(domain, below): an enterprise that registered a domain alone, and one with all below it; answers an enrolment."""
    enterprise = Enterprise(instance, callers["admin"])
    shape = callers["enterprise_admin"].get(f"/v1/profiles/{instance['PROFILE_DESKTOP_ID']}").expect(200).json
    profile = enterprise.admin.post("/v1/profiles", {
        **{name: value for name, value in shape.items()
           if name not in ("id", "revision", "enterprise_id", "created_at", "updated_at")},
        "name": "registry", "agreement_id": None}).expect(201)["id"]
    domains = fresh("alone"), fresh("below")
    for name, below in zip(domains, (False, True)):
        enterprise.officer.post("/v1/domains", {"name": name, "include_subdomains": below}).expect(201)
    owner = enterprise.officer.get("/v1/me").expect(200)["id"]

    def enrol(kind, value):
        return enterprise.officer.post("/v1/certificates", {
            "profile_id": profile, "csr": make_csr(make_key()), "owner_id": owner, "subject": {"common_name": "Somebody"},
            "san": [{"type": kind, "value": value.format(alone=domains[0], below=domains[1])}]})
    return enrol


@pytest.mark.parametrize("kind, value, covered", [
    ("dns", "{alone}", True), ("dns", "www.{alone}", False), ("dns", "*.{alone}", False), ("email", "a@{alone}", True),
    ("email", "a@mail.{alone}", False), ("dns", "{below}", True), ("dns", "a.b.{below}", True), ("dns", "*.{below}", True),
    ("dns", "*.a.{below}", True), ("email", "a@mail.{below}", True), ("dns", "x{below}", False), ("dns", "{below}.org", False),
    ("dns", "example.com", False), ("ip", "93.184.216.34", True)])
def test_what_the_registry_covers(enrolling, kind, value, covered):
    """A registered domain covers itself and its mailboxes; what is below it, a wildcard too, only where it says so."""
    answer = enrolling(kind, value)
    if covered:
        answer.expect(201)
    else:
        assert answer.expect(422, "name-not-registered").pointers() == ["/san/0"]
