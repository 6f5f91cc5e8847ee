"""Starting, stopping and losing the database: I45, I46, I47, F5, F6, F8, F11, F41."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest
import requests

from support.beside import Beside
from support.client import Api


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return pathlib.Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


@pytest.mark.invariant(47)
def test_liveness_is_not_readiness(own):
    """I47, F5: with the database killed /healthz is 200, /readyz 503; both recover without a restart."""
    caller = own.caller("SUBSCRIBER_TOKEN")
    nobody = Api(own["BASE_URL"])
    postmaster = own.postgres_pids()[0]
    os.kill(postmaster, signal.SIGQUIT)
    deadline = time.monotonic() + 10
    while alive(postmaster) and time.monotonic() < deadline:
        time.sleep(0.05)
    begun = time.monotonic()
    assert nobody.get("/healthz").status == 200
    ready = nobody.get("/readyz").expect(503)
    assert {one["name"]: one["status"] for one in ready["dependencies"]}["database"] == "down"
    for token in (None, "x", "rsd_" + "0" * 49):
        Api(own["BASE_URL"], token).get("/v1/me").expect(401, "unauthenticated")
    answer = caller.get("/v1/certificates").expect(503)
    assert int(answer.headers["Retry-After"]) >= 1
    assert time.monotonic() - begun < 12, "answers come within the deadline"
    own.dev("up")
    own.wait_ready(10)
    caller.get("/v1/certificates").expect(200)


def test_frozen_database_is_a_503_within_the_deadline(own):
    """F8: with every PostgreSQL process stopped each answer comes by its deadline, health at once."""
    caller = own.caller("SUBSCRIBER_TOKEN")
    pids = own.postgres_pids()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            begun = time.monotonic()
            answers = [pool.submit(Api(caller.base_url, caller.token).get, "/v1/certificates") for _ in range(16)]
            time.sleep(0.5)
            asked = time.monotonic()
            assert Api(own["BASE_URL"]).get("/healthz").status == 200
            assert time.monotonic() - asked < 0.5, "health does not wait for the database"
            for answer in answers:
                answer.result().expect(503)
            assert time.monotonic() - begun < 13
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)
    own.wait_ready()
    caller.get("/v1/certificates").expect(200)


def test_a_killed_backend_costs_at_most_one_answer(own):
    """F6: kill -9 of one backend gives 503 at most while PostgreSQL recovers, then 200."""
    caller = own.caller("SUBSCRIBER_TOKEN")
    caller.get("/v1/certificates").expect(200)
    with own.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'reissued_app'")
        backends = [pid for (pid,) in cursor.fetchall()]
    os.kill(backends[0], signal.SIGKILL)
    until = time.monotonic() + 15
    ended = False
    while True:
        # PostgreSQL ends every backend a moment later; a 200 of before that says nothing.
        ended = ended or not any(map(alive, backends))
        answer = caller.get("/v1/certificates")
        if ended and answer.status == 200:
            break
        if answer.status != 200:
            answer.expect(503)
        assert time.monotonic() < until
        time.sleep(0.1)
    for _ in range(32):
        caller.get("/v1/certificates").expect(200)


def test_foreign_lock_is_a_503_not_a_hang(own):
    """F11: a request locked by a foreign session answers 503 in time; other requests go on."""
    journey = own.journey()
    caller = own.caller("SUBSCRIBER_TOKEN")
    locked, free = journey.request(), journey.request()
    connection = own.database()
    connection.autocommit = False
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM reissue_request WHERE id = %s FOR UPDATE", (locked["id"],))
        begun = time.monotonic()
        caller.patch(f"/v1/reissue-requests/{free['id']}", {"message": "free"}).expect(200)
        caller.patch(f"/v1/reissue-requests/{locked['id']}", {"message": "locked"}).expect(503)
        assert time.monotonic() - begun < 12
    connection.close()
    caller.patch(f"/v1/reissue-requests/{locked['id']}", {"message": "again"}).expect(200)


@pytest.mark.invariant(45)
def test_sigterm_under_load_loses_nothing(own):
    """I45, F41: SIGTERM under load: no answer is cut, exit 0, nothing stays `issuing`."""
    journey = own.journey()
    drafts = [journey.ready() for _ in range(24)]
    pid = own.pids()[0]
    resets, answers, stop = [], [], threading.Event()

    def client():
        session = requests.Session()
        session.trust_env = False
        headers = {"Authorization": f"Bearer {own['SUBSCRIBER_TOKEN']}"}
        while not stop.is_set():
            try:
                answers.append(session.get(own["BASE_URL"] + "/v1/certificates?limit=5", headers=headers,
                                           timeout=20).status_code)
            except requests.exceptions.ConnectionError as error:
                text = repr(error)
                if "refused" in text:
                    return  # the listener is closed: that is the announced end
                if "RemoteDisconnected" in text:
                    continue  # an idle keep-alive connection was closed: the client may ask again
                resets.append(text)

    def submit(draft):
        caller = own.caller("SUBSCRIBER_TOKEN")
        try:
            return caller.post(f"/v1/reissue-requests/{draft['id']}/submit", {}).status
        except requests.exceptions.ConnectionError as error:
            return repr(error)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        readers = [pool.submit(client) for _ in range(6)]
        submits = [pool.submit(submit, draft) for draft in drafts]
        time.sleep(0.05)
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + 35
        while alive(pid) and time.monotonic() < until:
            time.sleep(0.05)
        stop.set()
        assert not alive(pid), "the service ends within its drain time"
        results = [submitted.result() for submitted in submits]
        for reader in readers:
            reader.result()
    assert resets == []
    own.dev("up")
    own.wait_ready()
    caller = own.caller("SUBSCRIBER_TOKEN")
    for draft, result in zip(drafts, results):
        status = caller.get(f"/v1/reissue-requests/{draft['id']}").expect(200)["status"]
        assert status != "issuing"
        if result == 200:
            assert status == "issued"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(own, tmp_path, text, seconds=10, meanwhile=None):
    """Starts a service with a changed configuration; (exit code or None, its log). `meanwhile` is called once it serves."""
    changed = tmp_path / "changed.yaml"
    changed.write_text(text)
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([service_binary(own), "serve", "--config", str(own.dir / "reissued.yaml"),
                                    "--config", str(changed)], stdout=log, stderr=subprocess.STDOUT)
    try:
        while meanwhile and process.poll() is None and "server.started" not in (tmp_path / "log").read_text():
            time.sleep(0.05)
        if meanwhile:
            meanwhile()
        return process.wait(seconds), (tmp_path / "log").read_text()
    except subprocess.TimeoutExpired:
        return None, (tmp_path / "log").read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def service_binary(own):
    return os.readlink(f"/proc/{own.pids()[0]}/exe")


def wrong_key(own, folder):
    other = folder / "other"
    subprocess.run([service_binary(own), "ca", "init", "--dir", str(other), "--name", "other", "--algorithm",
                    "EC:P-256", "--days", "30", "--passphrase-file", str(own.dir / "ca.passphrase")], check=True,
                   capture_output=True)
    return f"key_file: {other}/issuing.key"


def readable_passphrase(own, folder):
    shutil.copy(own.dir / "ca.passphrase", folder / "open.passphrase")
    (folder / "open.passphrase").chmod(0o644)
    return f"passphrase_file: {folder}/open.passphrase"


def wrong_passphrase(own, folder):
    (folder / "wrong.passphrase").write_text("not it\n")
    (folder / "wrong.passphrase").chmod(0o600)
    return f"passphrase_file: {folder}/wrong.passphrase"


@pytest.mark.invariant(46)
@pytest.mark.parametrize("fault", [wrong_key, readable_passphrase, wrong_passphrase])
def test_start_fails_closed(own, tmp_path, fault):
    """I46: a wrong key, a passphrase that others may read, a wrong passphrase: the service ends at once."""
    os.chmod(tmp_path, 0o755)
    changed = fault(own, tmp_path)
    settings = {"certificate_file": own.dir / "ca/issuing.crt", "chain_file": own.dir / "ca/chain.pem",
                "key_file": own.dir / "ca/issuing.key", "passphrase_file": own.dir / "ca.passphrase"}
    name, _, value = changed.partition(": ")
    settings[name] = value
    lines = "\n".join(f"    {key}: {path}" for key, path in settings.items())
    code, log = serve(own, tmp_path, f"server: {{port: {free_port()}}}\nissuers:\n  - id: demo\n    name: demo\n{lines}\n")
    assert code not in (0, None), log
    assert str(settings[name]).rsplit("/", 1)[1] in log or "passphrase" in log or "key" in log


def only_error(log):
    """The one line of the log that says why it did not start."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    errors = [line for line in lines if line["level"] in ("error", "fatal")]
    assert len(errors) == 1, log
    return json.dumps(errors[0])


@pytest.mark.invariant(46)
@pytest.mark.parametrize("days, why", [(-20_000, "clock"), (40, "expired|run out|ended")], ids=["before the build", "CA ended"])
def test_start_fails_closed_by_the_clock(own, tmp_path, days, why):
    """I46: a clock before the day of the build, or past the CA's end: it does not start and says so in one line."""
    os.chmod(tmp_path, 0o755)
    (tmp_path / "clock").write_bytes((days * 86400).to_bytes(8, "little", signed=True))
    code, log = serve(own, tmp_path, f"server: {{port: {free_port()}}}\nclock: {{offset_file: {tmp_path}/clock}}\n"
                      f"signer: {{journal_file: {tmp_path}/journal}}\n")
    assert code not in (0, None), log
    assert re.search(why, only_error(log)), log


@pytest.mark.invariant(46)
@pytest.mark.parametrize("fault", ["other keys", "open to all", "missing", "garbage"])
def test_start_fails_closed_by_the_keyring(own, tmp_path, fault):
    """I46: root keys that are not the database's, that others may read, that are not there: it does not start."""
    os.chmod(tmp_path, 0o755)
    ring = tmp_path / "keyring"
    if fault == "other keys":
        subprocess.run([service_binary(own), "keyring", "init", "--file", str(ring)], check=True, capture_output=True)
    elif fault == "open to all":
        shutil.copy(own.dir / "keyring", ring)
        ring.chmod(0o644)
    elif fault == "garbage":
        ring.write_text("{")
        ring.chmod(0o600)
    code, log = serve(own, tmp_path, f"server: {{port: {free_port()}}}\nkeyring: {{file: {ring}}}\n"
                      f"signer: {{journal_file: {tmp_path}/journal}}\n")
    assert code not in (0, None), log
    assert "key" in only_error(log), log


@pytest.mark.invariant(46)
def test_one_process_a_journal(own, tmp_path):
    """I46, I7: a second process does not start with the journal that the first one writes."""
    code, log = serve(own, tmp_path, f"server: {{port: {free_port()}}}\n")
    assert code not in (0, None), log
    assert "journal" in only_error(log), log


NEWER = ("INSERT INTO schema_migration (version, name, sha256, compatible_from, applied_at) "
         "VALUES (9999, '9999_from_the_future', '\\x00', 9999, clock_timestamp())",
         "DELETE FROM schema_migration WHERE version = 9999")
OLDER = ("CREATE TEMP TABLE kept AS SELECT * FROM schema_migration WHERE version = (SELECT max(version) FROM schema_migration);"
         "DELETE FROM schema_migration WHERE version = (SELECT max(version) FROM schema_migration)",
         "INSERT INTO schema_migration SELECT * FROM kept; DROP TABLE kept")


@pytest.mark.invariant(46)
@pytest.mark.parametrize("fault, repair", [NEWER, OLDER], ids=["newer", "older"])
def test_another_schema_is_refused(own, tmp_path, fault, repair):
    """I46, F38: with a schema that is not for this binary it is not ready and writes nothing, running or started anew."""
    draft, caller = own.journey().request(), own.caller("SUBSCRIBER_TOKEN")
    connection = own.database()
    cursor = connection.cursor()
    cursor.execute(fault)
    try:
        until = time.monotonic() + 15
        while (ready := Api(own["BASE_URL"]).get("/readyz")).status != 503:
            assert time.monotonic() < until, "readiness notices the other schema"
            time.sleep(0.2)
        states = {one["name"]: one["status"] for one in ready["dependencies"]}
        assert (states["database"], states["schema"]) == ("up", "down")
        refused = caller.patch(f"/v1/reissue-requests/{draft['id']}", {"message": "never"}).expect(503)
        assert int(refused.headers["Retry-After"]) >= 1
        answers = []
        code, log = serve(own, tmp_path, f"server: {{port: {(port := free_port())}}}\nsigner: {{journal_file: {tmp_path}/journal}}"
                          "\n", seconds=3, meanwhile=lambda: answers.append(Api(f"http://127.0.0.1:{port}").get("/readyz")))
        assert code is None and {answer.status for answer in answers} == {503}, "it waits for the migration, not ready"
        assert "run reissued migrate" in log
    finally:
        cursor.execute(repair)
        connection.close()
    own.wait_ready()
    assert caller.get(f"/v1/reissue-requests/{draft['id']}").expect(200)["message"] is None


def test_a_replica_told_to_leaves_alone_what_is_due(own, tmp_path):
    """jobs.run false: what is due in the background stays due until a replica comes that does it."""
    settings = """{"server": {"port": @PORT@, "replica_id": "quiet"}, "signer": {"journal_file": "@JOURNAL@"},
        "jobs": {"run": false}}"""

    def count(sql):
        with own.database() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else cursor.rowcount
    due = "SELECT count(*) FROM job_schedule WHERE next_run_at < now() - interval '1 hour'"

    with Beside(own, tmp_path, settings) as quiet:
        for pid in own.pids():
            os.kill(pid, signal.SIGTERM)
            while alive(pid):
                time.sleep(0.05)
        all_kinds = count("UPDATE job_schedule SET next_run_at = now() - interval '2 hours', lease_until = NULL")
        time.sleep(3)  # runners look twice a second
        Api(quiet.base_url).get("/readyz").expect(200)
        assert count(due) == all_kinds > 5
    own.dev("up")
    until = time.monotonic() + 20
    while count(due):
        assert time.monotonic() < until
        time.sleep(0.2)
