"""Subscriber agreements: versions, languages, hashes."""
import hashlib
import uuid

import pytest


@pytest.fixture
def agreement(caller_enterprise_admin):
    return caller_enterprise_admin.post("/v1/agreements", {
        "name": f"test {uuid.uuid4().hex[:12]}",
        "texts": [{"language": "en", "text": "I agree.\n"}, {"language": "de", "text": "Ich stimme zu: \u00fc.\n"}],
    }).expect(201).json


def test_the_hash_is_of_the_very_text(agreement, caller_subscriber):
    path = f"/v1/agreements/{agreement['id']}"
    for language in ("en", "de"):
        text = caller_subscriber.get(f"{path}?lang={language}").expect(200)
        assert text["sha256"] == "sha256:" + hashlib.sha256(text["text"].encode()).hexdigest()
        assert text["language"] == language and text["languages"] == ["en", "de"]
    assert caller_subscriber.get(path).expect(200)["language"] == "en"
    caller_subscriber.get(f"{path}?lang=fr").expect(404)


def test_the_reader_s_language(agreement, callers):
    """Without `lang` a text comes in the caller's language if the version has it; case means nothing in tags."""
    path, caller = f"/v1/agreements/{agreement['id']}", callers["subscriber_b"]
    before = caller.get("/v1/me").expect(200)["language"]
    try:
        for tag, wanted in (("de", "de"), ("DE", "de"), ("fr", "en")):
            assert caller.patch("/v1/me", {"language": tag}).expect(200)["language"] == tag.lower()
            assert caller.get(path).expect(200)["language"] == wanted
    finally:
        caller.patch("/v1/me", {"language": before}).expect(200)
    assert caller.get(path + "?lang=De").expect(200)["language"] == "de"
    for lang in ("", "x", "en_GB", "en-"):
        caller.get(f"{path}?lang={lang}", checked=False).expect(400, "bad-query")


def test_language_tags_are_kept_in_lower_case(callers):
    """A tag may be written in any case (RFC 5646 2.1.1) and is shown in lower case, everywhere alike."""
    admin = callers["enterprise_admin"]
    made = admin.post("/v1/agreements", {"name": f"test {uuid.uuid4().hex[:12]}", "texts": [
        {"language": "pt-BR", "text": "Sim."}, {"language": "EN", "text": "Yes."}]}).expect(201)
    assert (made["language"], made["languages"]) == ("pt-br", ["pt-br", "en"])
    admin.post("/v1/agreements", {"name": f"test {uuid.uuid4().hex[:12]}", "texts": [
        {"language": "pt-BR", "text": "Sim."}, {"language": "pt-br", "text": "Sim!"}]}).expect(422)
    user = admin.post("/v1/users", {"email": f"{uuid.uuid4().hex[:12]}@example.test", "name": "Test", "role": "subscriber",
                                    "language": "en-GB"}).expect(201)
    assert user["language"] == "en-gb"
    assert admin.patch(f"/v1/users/{user['id']}", {"language": "zh-Hant-TW"}).expect(200)["language"] == "zh-hant-tw"
    for wrong in ("english", "e", "en_GB", "en-", "en-x-abc", "1a"):
        admin.patch(f"/v1/users/{user['id']}", {"language": wrong}).expect(422)


@pytest.mark.invariant(19)
def test_a_new_version_leaves_the_old_one_as_it_was(agreement, caller_enterprise_admin, caller_subscriber):
    path = f"/v1/agreements/{agreement['id']}"
    made = caller_enterprise_admin.post(path + "/versions", {
        "reacceptance": True, "texts": [{"language": "en", "text": "I agree more."}]}).expect(201)
    assert made["version"] == 2 and made["reacceptance"] is True
    assert caller_subscriber.get(path).expect(200)["version"] == 2
    assert caller_subscriber.get(path + "?version=1").expect(200)["sha256"] == agreement["sha256"]
    caller_subscriber.get(path + "?version=3").expect(404)


@pytest.mark.parametrize("texts, pointer", [
    ([], "/texts"), (["x"], "/texts/0"), ([{"language": "en"}], "/texts/0/text"),
    ([{"language": "English", "text": "x"}], "/texts/0/language"),
    ([{"language": "en", "text": "x"}, {"language": "en", "text": "y"}], "/texts/1/language"),
    ([{"language": "en", "text": "x" * 50001}], "/texts/0/text"),
])
def test_texts_are_judged(texts, pointer, caller_enterprise_admin):
    answer = caller_enterprise_admin.post("/v1/agreements", {"name": uuid.uuid4().hex, "texts": texts}).expect(422)
    assert answer.pointers() == [pointer]


def test_a_linked_agreement_cannot_go(agreement, journey, caller_enterprise_admin):
    path = f"/v1/agreements/{agreement['id']}"
    profile = journey.profile(agreement_id=agreement["id"])
    caller_enterprise_admin.delete(path).expect(409, "in-use")
    caller_enterprise_admin.patch(f"/v1/profiles/{profile}", {"agreement_id": None}).expect(200)
    caller_enterprise_admin.delete(path).expect(204)
    caller_enterprise_admin.get(path).expect(404)


def test_who_publishes(agreement, caller_subscriber, caller_officer, caller_subscriber2):
    path = f"/v1/agreements/{agreement['id']}"
    body = {"texts": [{"language": "en", "text": "Mine."}]}
    for caller in (caller_subscriber, caller_officer):
        caller.post(path + "/versions", body).expect(403)
        caller.delete(path).expect(403)
    caller_subscriber2.get(path).expect(404)
