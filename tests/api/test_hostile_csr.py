"""Every refused case of the corpus of CSRs, over HTTP: its status, its code, and no trace."""
import pathlib

import pytest

CORPUS = pathlib.Path(__file__).resolve().parents[1] / "unit" / "issuer" / "corpus"
CASES = [line.split("\t") for line in (CORPUS / "expected.tsv").read_text().splitlines()]
REFUSED = [(name, slug, check) for name, _, slug, check in CASES if slug != "-"]


@pytest.fixture(scope="module")
def draft(journey):
    return journey.request()


@pytest.mark.invariant(21)
@pytest.mark.rows(66, 67, 69, 70, 72, 74, 75, 82, 83, 84, 86, 87, 88, 90, 91, 92, 93)
@pytest.mark.parametrize("name, slug, check", REFUSED, ids=[name for name, _, _ in REFUSED])
def test_a_hostile_csr_is_refused_and_leaves_no_trace(caller_subscriber, draft, name, slug, check):
    """A CSR that breaks a rule is refused with its code and the failed check; the request stays as it was."""
    path = f"/v1/reissue-requests/{draft['id']}"
    answer = caller_subscriber.put(f"{path}/csr", data=(CORPUS / name).read_bytes(),
                                   headers={"Content-Type": "application/pkcs10"})
    if name == "empty.der":
        assert answer.status in (400, 422)
    else:
        answer.expect(422, slug)
        assert answer["checks"][-1]["name"] == check
        assert answer["checks"][-1]["result"] == "fail"
    after = caller_subscriber.get(path).expect(200)
    assert after["revision"] == draft["revision"]
    assert after["key"] is None


def test_a_csr_of_a_megabyte_is_too_large(caller_subscriber, draft):
    """A CSR of 1 MB is answered 413."""
    caller_subscriber.put(f"/v1/reissue-requests/{draft['id']}/csr", data=b"0" * (1 << 20),
                          headers={"Content-Type": "application/pkcs10"}).expect(413, "too-large")
