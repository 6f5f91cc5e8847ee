"""How often a second factor may be asked for (5.1.0): by user, day, address and mailbox, whichever replica is asked."""
import contextlib
import uuid

import pytest

from support.asked import HERE, MAIL, Asked, trail, wrong
from support.beside import Beside
from support.calls import World

pytestmark = [pytest.mark.invariant(42), pytest.mark.rows(119)]
FEW = """{"server": {"port": @PORT@, "replica_id": "few", "trusted_proxies": ["127.0.0.1"]},
    "signer": {"journal_file": "@JOURNAL@"}, "limits": {%s}}"""


@pytest.fixture(scope="module")
def world(instance, journey):
    return World(instance, journey)


@pytest.fixture
def beside(instance, tmp_path):
    """Makes a process beside the instance with limits of its own; the counts are one."""
    with contextlib.ExitStack() as stack:
        yield lambda limits: stack.enter_context(Beside(instance, tmp_path, FEW % limits))


def network():
    """A /64 that nobody else asks from."""
    return f"2a00:{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}:7:"


def ask(asked, base, address=None):
    headers = {"X-Forwarded-For": address} if address else {}
    return asked.api.at(base).post(HERE, {"reissue_request_id": asked.request["id"], **MAIL}, headers=headers)


def too_often(answer):
    answer.expect(429, "rate-limited")
    assert int(answer.headers["Retry-After"]) > 0 and answer["retry_after"] == int(answer.headers["Retry-After"])


def test_an_address_is_limited(world, beside):
    """Challenges from one address are counted whoever asks; all of a /64 is one address, another one is not hindered."""
    few = beside('"challenges_per_address": 3').base_url
    people = [Asked(world) for _ in range(2)]
    for one in people:
        one.submitted()
    here = network()
    for i in range(3):
        ask(people[i % 2], few, f"{here}:{i + 1}").expect(201)
    for one in people:
        too_often(ask(one, few, f"{here}:99"))
        ask(one, few, f"{network()}:1").expect(201)


def test_a_header_does_not_help(world, instance):
    """X-Forwarded-For of somebody who is no trusted proxy changes nothing: the user's count is what ends it."""
    asked = Asked(world)
    asked.submitted()
    answers = [ask(asked, instance.base_urls[i % len(instance.base_urls)], f"{network()}:1") for i in range(11)]
    assert [one.status for one in answers] == [201] * 10 + [429]
    too_often(answers[-1])


def test_a_day_is_limited(world, beside, caller_auditor):
    """Challenges of a day are counted, also those that were cancelled, and the refusal is on record."""
    few = beside('"challenges_per_user_day": 3').base_url
    asked = Asked(world)
    asked.submitted()
    for _ in range(3):
        made = ask(asked, few).expect(201)
        asked.api.post(f"{HERE}/{made['id']}/cancel", {}).expect(200)
    too_often(ask(asked, few))
    events = caller_auditor.get(f"/v1/audit-events?object_id={asked.user['id']}&action=challenge.refused").expect(200)
    assert [one["code"] for one in events["items"]] == ["rate-limited"]


def test_a_mailbox_is_limited(world, beside, instance):
    """Codes to one mailbox are counted, challenges and resends alike, and what is refused ends nothing."""
    few = beside('"codes_per_mailbox": 2').base_url
    asked = Asked(world)
    asked.submitted()
    made = ask(asked, few).expect(201)
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE challenge SET resend_after = created_at WHERE id = %s", (made["id"],))
    asked.api.at(few).post(f"{HERE}/{made['id']}/resend", {}).expect(200)
    with instance.database() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE challenge SET resend_after = created_at WHERE id = %s", (made["id"],))
    too_often(asked.api.at(few).post(f"{HERE}/{made['id']}/resend", {}))
    too_often(ask(asked, few))
    assert asked.api.get(f"{HERE}/{made['id']}").expect(200)["status"] == "pending"


@pytest.mark.invariant(18)
def test_wrong_answers_in_a_row_are_limited(world, beside, caller_auditor):
    """Of wrong answers over challenges the last that is allowed locks; a pending challenge takes none then, right or not."""
    few = beside('"wrong_answers": 3').base_url
    asked = Asked(world)
    first = asked.ask()
    asked.guess(first, wrong(asked.code())).expect(422)
    second = asked.ask()
    code = asked.code()
    api = asked.api.at(few)
    for _ in range(2):
        api.post(f"{HERE}/{second['id']}/verify", {"code": wrong(code)}).expect(422, "otp-invalid")
    for answer in (code, wrong(code)):
        locked = api.post(f"{HERE}/{second['id']}/verify", {"code": answer}).expect(429, "subject-locked")
        assert 800 < int(locked.headers["Retry-After"]) <= 900 and locked["challenge_id"] == second["id"]
    asked.guess(second, code).expect(429, "subject-locked")  # the lock is the user's, on every replica
    assert asked.api.get(f"{HERE}/{second['id']}").expect(200)["attempts_left"] == 3
    assert [code for _, outcome, code in trail(caller_auditor, second) if code == "subject-locked"] == ["subject-locked"] * 3
    assert asked.now()["status"] == "authenticating"
