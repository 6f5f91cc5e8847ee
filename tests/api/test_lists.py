"""Lists: filters, pages that stay whole under writers, cursors that cannot be made up, CSV."""
import csv
import io
import pathlib
import threading
import uuid
from urllib.parse import quote

import psycopg2
import pytest

from support.foreign import foreign_pem


@pytest.fixture(scope="module")
def some(journey, instance, caller_officer, caller_subscriber):
    """Seven certificates with one word in their names."""
    word, owner = uuid.uuid4().hex[:10], journey.user_id(caller_subscriber)
    made = [caller_officer.post("/v1/certificates/import", {
        "pem": foreign_pem(f"{word} {n}", (f"{word}{n}.example.com",)), "owner_id": owner,
        "profile_id": instance["PROFILE_DESKTOP_ID"]}).expect(201).json for n in range(7)]
    return word, made


def test_filters(some, caller_subscriber):
    word, made = some
    one = made[3]
    colons = ":".join(one["serial"].rjust(len(one["serial"]) + len(one["serial"]) % 2, "0")[i:i + 2]
                      for i in range(0, len(one["serial"]) + len(one["serial"]) % 2, 2)).upper()
    digest = one["key"]["spki_sha256"]
    for query in (f"q={word}%203", f"q={word.upper()}3.EXAMPLE", f"common_name={word}%203",
                  f"san={word}3.example.com", f"serial={colons}", f"spki_sha256={digest}",
                  f"spki_sha256={digest[7:].upper()}", f"fingerprint_sha256={one['fingerprint_sha256']}",
                  f"lineage_id={one['lineage']['id']}"):
        items = caller_subscriber.get(f"/v1/certificates?{query}").expect(200)["items"]
        assert [item["id"] for item in items] == [one["id"]], query
    found = caller_subscriber.get(f"/v1/certificates?q={word}&count=true&status=issued&status=revoked")
    assert found.expect(200)["total"] == 7
    assert caller_subscriber.get(f"/v1/certificates?q={word}&status=expired").expect(200)["items"] == []


def test_letters_beyond_ascii_are_found(journey, instance, caller_officer, caller_subscriber):
    """q is a substring whatever its letters, without regard to case, of what was imported, issued or asked for."""
    word = uuid.uuid4().hex[:10]
    imported = caller_officer.post("/v1/certificates/import", {
        "pem": foreign_pem(f"{word} ÜBER"), "owner_id": journey.user_id(caller_subscriber),
        "profile_id": instance["PROFILE_DESKTOP_ID"]}).expect(201)["id"]
    issued = journey.revoked(common_name=f"{word} Über")
    asked = journey.request(issued, subject={"common_name": f"{word} ÉTÉ"})
    for q in ("Übe", "ÜBE", "übe", f"{word} üBER"):
        items = caller_subscriber.get(f"/v1/certificates?q={quote(q)}").expect(200)["items"]
        assert {item["id"] for item in items if word in item["subject"]["common_name"]} == {imported, issued["id"]}, q
    for q in ("ÉTÉ", "été", f"{word} É"):
        items = caller_subscriber.get(f"/v1/reissue-requests?q={quote(q)}").expect(200)["items"]
        assert asked["id"] in [item["id"] for item in items], q
    edited = caller_subscriber.patch(f"/v1/reissue-requests/{asked['id']}", {
        "subject": {"common_name": f"{word} ÆØÅ"}}).expect(200)
    found = caller_subscriber.get(f"/v1/reissue-requests?q={quote('æøå')}").expect(200)["items"]
    assert edited["id"] in [item["id"] for item in found]


def test_names_are_sought_in_any_spelling(journey, caller_officer, caller_officer_other, caller_subscriber):
    """A filter finds a name as a person writes it: capitals, a final dot, U-labels, another form of an address."""
    word = "s" + uuid.uuid4().hex[:10]
    certificate = journey.revoked(san=[
        {"type": "dns", "value": f"{word}.bücher.example.com"}, {"type": "ip", "value": "2606:4700::1111"},
        {"type": "email", "value": f"{word}@Example.com"}, {"type": "upn", "value": f"{word}@Corp.example"}])
    request = journey.request(certificate)
    for san in (f"{word}.xn--bcher-kva.example.com", f"{word.upper()}.bücher.Example.COM.", f"{word}.bücher.example.com",
                f"{word}@EXAMPLE.com", f"{word.upper()}@corp.EXAMPLE", f"{word}@Corp.example"):
        for path, wanted in (("/v1/certificates", certificate), ("/v1/reissue-requests", request)):
            items = caller_subscriber.get(f"{path}?san={quote(san)}").expect(200)["items"]
            assert [item["id"] for item in items] == [wanted["id"]], (path, san)
    items = caller_subscriber.get("/v1/certificates?san=2606:4700:0:0:0:0:0:1111").expect(200)["items"]
    assert certificate["id"] in [item["id"] for item in items]

    name = f"{word}.example.com"
    for caller, path, query, body in (
            (caller_officer_other, "/v1/domains", "name", {"name": name}),
            (caller_subscriber, "/v1/domain-validations", "value",
             {"identifier": {"type": "dns", "value": name}, "method": "dns_txt"}),
            (caller_subscriber, "/v1/caa-checks", "name", {"name": name})):
        made = caller.post(path, body).expect(201)["id"]
        for text in (name, name.upper(), f"{word}.Example.com."):
            assert [item["id"] for item in caller.get(f"{path}?{query}={text}").expect(200)["items"]] == [made], text
        assert caller.get(f"{path}?{query}=x{name}").expect(200)["items"] == []
        caller.get(f"{path}?{query}=", checked=False).expect(400, "bad-query")
        if path == "/v1/domains":
            caller.delete(f"{path}/{made}").expect(204)


@pytest.mark.rows(47)
@pytest.mark.parametrize("path", [
    "/v1/domain-validations?status=nope", "/v1/domain-validations?status=", "/v1/domain-validations?method=nope",
    "/v1/blocked-keys?spki_sha256=aa", "/v1/blocked-keys?spki_sha256=" + 33 * "aa"])
def test_values_nobody_knows(path, caller_admin):
    """A filter's value that there cannot be is 400 in every list."""
    caller_admin.get(path, checked=False).expect(400, "bad-query")


def test_what_may_repeat(journey, caller_subscriber):
    """status and category may come more than once, in every list that has them."""
    name = f"{uuid.uuid4().hex[:12]}.example.com"
    made = [caller_subscriber.post("/v1/domain-validations", {
        "identifier": {"type": "dns", "value": name}, "method": "dns_txt"}).expect(201)["id"] for _ in range(3)]
    caller_subscriber.post(f"/v1/domain-validations/{made[0]}/cancel", {}).expect(200)
    for states, count in (("status=pending", 2), ("status=cancelled", 1), ("status=pending&status=cancelled", 3)):
        found = caller_subscriber.get(f"/v1/domain-validations?value={name}&{states}").expect(200)["items"]
        assert len(found) == count, states
    two = [journey.profile(category=f"c{uuid.uuid4().hex[:8]}") for _ in range(2)]
    words = [caller_subscriber.get(f"/v1/profiles/{one}").expect(200)["category"] for one in two]
    found = caller_subscriber.get(f"/v1/profiles?category={words[0]}&category={words[1]}").expect(200)["items"]
    assert {item["id"] for item in found} == set(two)


@pytest.mark.rows(47, 50, 51)
@pytest.mark.parametrize("query", [
    "limit=0", "limit=-1", "limit=1000000000", "limit=1;--", "sort=name;drop", "sort=-cn,(select 1)", "q=ab",
    "status=bad", "serial=zz", "spki_sha256=00", "owner_id=1", "expires_after=yesterday", "foo=1", "id[]=1",
    "limit=1&limit=2", "cursor=x", "cursor=%00",
])
def test_bad_queries(query, caller_subscriber):
    caller_subscriber.get(f"/v1/certificates?{query}", checked=False).expect(400)


@pytest.mark.rows(50)
def test_cursors_are_bound_to_caller_and_query(some, caller_subscriber, caller_officer):
    word, _ = some
    page = caller_subscriber.get(f"/v1/certificates?q={word}&limit=2").expect(200)
    cursor = page["next_cursor"]
    assert f"cursor={cursor}" in page.headers["Link"] and 'rel="next"' in page.headers["Link"]
    caller_subscriber.get(f"/v1/certificates?q={word}&limit=2&cursor={cursor}").expect(200)
    caller_subscriber.get(f"/v1/certificates?limit=2&cursor={cursor}").expect(400, "bad-cursor")
    caller_officer.get(f"/v1/certificates?q={word}&limit=2&cursor={cursor}").expect(400, "bad-cursor")
    caller_subscriber.get(f"/v1/profiles?cursor={cursor}").expect(400, "bad-cursor")
    for forged in (cursor[:-2], cursor + "AA", ("A" if cursor[0] != "A" else "B") + cursor[1:]):
        caller_subscriber.get(f"/v1/certificates?q={word}&limit=2&cursor={forged}").expect(400, "bad-cursor")


@pytest.mark.invariant(39)
@pytest.mark.parametrize("sort", ["created_at", "-created_at", "not_after"])
def test_pages_lose_and_double_nothing_while_others_write(sort, some, journey, instance, caller_officer,
                                                          caller_subscriber):
    word, made = some
    owner, stop = journey.user_id(caller_subscriber), threading.Event()

    def write():
        for _ in range(100):  # an end: whoever reads slower than this writes would never see the last page
            if stop.is_set():
                return
            caller_officer.request("POST", "/v1/certificates/import", {
                "pem": foreign_pem(f"{word} new"), "owner_id": owner,
                "profile_id": instance["PROFILE_DESKTOP_ID"]}, checked=False)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [item["id"] for item in caller_subscriber.all(f"/v1/certificates?q={word}&limit=1&sort={sort}")]
    finally:
        stop.set()
        writer.join()
    assert len(seen) == len(set(seen))
    assert {one["id"] for one in made} <= set(seen)


@pytest.fixture
def five_thousand_and_one(instance, some, journey):
    """Certificates of the subscriber in bulk, past the service, as the benches make them; all named *.example.com."""
    sql = (pathlib.Path(__file__).parents[1] / "bench" / "million.sql").read_text()
    with instance.database().cursor() as cursor:  # each statement on its own
        cursor.execute(sql, {"profile": instance["PROFILE_DESKTOP_ID"], "count": 5001})
        yield
        cursor.execute("SET session_replication_role = replica; "
                       "DELETE FROM certificate WHERE created_at < '2021-01-01'")


@pytest.mark.usefixtures("five_thousand_and_one")
def test_a_search_that_finds_too_much_asks_for_more_letters(caller_officer, caller_subscriber2):
    """More than 5,000 names with the text are no result at all, rather than some of them."""
    refused = caller_officer.get("/v1/certificates?q=.example.com&limit=1", checked=False)
    assert "more letters" in refused.expect(400, "bad-query")["detail"]
    caller_officer.get("/v1/reissue-requests?q=.example.com&limit=1").expect(200)
    assert caller_subscriber2.get("/v1/certificates?q=.example.com").expect(200)["items"] == []
    # Other words of the same names still find what they found.
    assert len(caller_officer.all("/v1/certificates?q=00.example.com&limit=200")) in range(1, 5000)


# An enterprise of its own, never committed.
CROWD = """SET LOCAL session_replication_role = replica;
INSERT INTO certificate SELECT r.* FROM (SELECT c AS like_this FROM certificate c LIMIT 1) t, generate_series(1, %(count)s) n,
    LATERAL jsonb_populate_record(t.like_this, jsonb_build_object('id', gen_random_uuid(), 'enterprise_id', %(enterprise)s,
        'serial', '\\x' || md5(random()::text), 'fingerprint_sha256', '\\x' || md5(random()::text) || md5(n::text),
        'replaces_id', NULL, 'search_text', CASE WHEN n %% %(every)s = 0 THEN 'a needle in it' ELSE 'hay' END)) r;
SELECT set_config('app.enterprise', %(enterprise)s, true);
SELECT count(*) FROM search_names('certificate', 'NEEDLE', NULL)"""


@pytest.mark.parametrize(("count", "every", "found"), [
    (400, 1, 400), (3000, 1, 3000), (5000, 1, 5000), (9000, 2, 4500), (4000, 400, 10),
    (5001, 1, None), (11000, 2, None), (40000, 7, None)])
def test_a_search_tells_all_or_refuses(instance, some, count, every, found):
    """However many of an enterprise's names hold the text, up to 5,000 are all found and more are refused."""
    connection = instance.database()
    connection.autocommit = False
    try:
        with connection.cursor() as cursor:
            if found is None:
                with pytest.raises(psycopg2.Error, match="more than 5000"):
                    cursor.execute(CROWD, {"enterprise": str(uuid.uuid4()), "count": count, "every": every})
            else:
                cursor.execute(CROWD, {"enterprise": str(uuid.uuid4()), "count": count, "every": every})
                assert cursor.fetchone()[0] == found
    finally:
        connection.rollback()
        connection.close()


def test_csv_cannot_run_formulas(journey, instance, caller_officer, caller_subscriber):
    word = uuid.uuid4().hex[:10]
    owner = journey.user_id(caller_subscriber)
    for evil in (f"=cmd|{word}", f"+{word}", f"-{word}", f"@{word}", f'"{word}",x'):
        caller_officer.post("/v1/certificates/import", {
            "pem": foreign_pem(evil), "owner_id": owner,
            "profile_id": instance["PROFILE_DESKTOP_ID"]}).expect(201)
    answer = caller_subscriber.get(f"/v1/certificates?q={word}", headers={"Accept": "text/csv"}).expect(200)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 5
    assert all(row["common_name"][0] not in "=+-@\t\r" for row in rows), [row["common_name"] for row in rows]


def test_audit_events_are_read_within_reach(some, caller_auditor, caller_subscriber, caller_officer_other):
    _, made = some
    events = caller_auditor.get(f"/v1/audit-events?object_id={made[0]['id']}").expect(200)["items"]
    assert [event["action"] for event in events] == ["certificate.imported"]
    caller_auditor.get(f"/v1/audit-events/{events[0]['id']}").expect(200)
    caller_subscriber.get("/v1/audit-events").expect(403)
    caller_officer_other.get(f"/v1/audit-events/{events[0]['id']}").expect(404)


def test_stats_count_what_the_caller_sees(some, caller_subscriber, caller_subscriber2):
    mine = caller_subscriber.get("/v1/stats").expect(200)
    assert mine["certificates"]["issued"] >= 7
    assert caller_subscriber2.get("/v1/stats").expect(200)["certificates"]["issued"] == 0


def test_a_total_is_exact_to_ten_thousand(instance, caller_admin):
    """?count=true tells the exact total up to 10,000, beyond it "10000+"; an export has every row."""
    source = f"test {uuid.uuid4().hex}"

    def total():
        return caller_admin.get("/v1/blocked-keys?count=true&limit=1").expect(200)["total"]

    with instance.database().cursor() as cursor:  # each statement on its own
        before = total()
        assert before < 10_000
        cursor.execute("INSERT INTO blocked_key (spki_sha256, reason, source, created_at) "
                       "SELECT sha256(convert_to(%s || n, 'UTF8')), 'other', %s, clock_timestamp() "
                       "FROM generate_series(1, 10000 - %s) n", (source, source, before))
        try:
            assert total() == 10_000
            cursor.execute("INSERT INTO blocked_key (spki_sha256, reason, source, created_at) "
                           "VALUES (sha256(%s), 'other', %s, clock_timestamp())", (source.encode(), source))
            assert total() == "10000+"
            rows = caller_admin.get("/v1/blocked-keys", headers={"Accept": "text/csv"}).expect(200).text
            assert rows.count("\r\n") == 1 + 10_001
        finally:
            cursor.execute("DELETE FROM blocked_key WHERE source = %s", (source,))
