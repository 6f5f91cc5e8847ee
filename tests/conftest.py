"""Fixtures of the black-box suite: the instance, one caller per role, and journeys.

The suite runs against a running instance: REISSUED_ENV names its DIR/env (default .run/env).
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.client import TRANSCRIPT, Api, transcript  # noqa: E402
from support.instance import CALLERS, Instance  # noqa: E402
from support.journey import Journey  # noqa: E402

def pytest_configure(config):
    config.addinivalue_line("markers", "concurrency: many requests at once; run against ThreadSanitizer too")
    config.addinivalue_line("markers", "slow: waits for deadlines, half a minute each")
    config.addinivalue_line("markers", "invariant(*numbers): the invariants this test shows")
    config.addinivalue_line("markers", "rows(*numbers): the rows of hostile input this test shows")


@pytest.fixture(scope="session")
def instance():
    return Instance()


@pytest.fixture(scope="session")
def callers(instance):
    """Every role of 8.1 as an Api, by name; "nobody" has no token."""
    known = {name: Api(instance["BASE_URL"], instance[variable]) for name, variable in CALLERS.items()}
    known["nobody"] = Api(instance["BASE_URL"])
    return known


def _caller(name, fixture):
    @pytest.fixture(scope="session", name=fixture)
    def caller(callers):
        return callers[name]
    return caller


# Each under both names: `officer`, and `caller_officer` where the plain word would be unclear.
for _name in [*CALLERS, "nobody"]:
    globals()[f"caller_{_name}"] = _caller(_name, f"caller_{_name}")
    globals()[_name] = _caller(_name, _name)


@pytest.fixture(scope="session")
def journey(instance, callers):
    return Journey(instance, callers)


@pytest.fixture(autouse=True)
def forget_requests():
    TRANSCRIPT.clear()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failing test prints what it shows, the last requests, their answers and the log."""
    outcome = yield
    report = outcome.get_result()
    if report.when != "call" or not report.failed:
        return
    told = (item.function.__doc__ or item.name).strip()
    report.sections.append(("the sentence that broke", told))
    instance = item.funcargs.get("instance")
    if instance is not None and TRANSCRIPT:
        report.sections.append(("last requests", transcript(instance)))
