"""The subcommands of `reissued`: help, JSON, exit codes, and what they tell (8.5)."""
import json
import os
import re
import subprocess
import uuid

import pytest

from support.client import Api


@pytest.fixture(scope="module")
def binary(instance):
    return os.readlink(f"/proc/{instance.pids()[0]}/exe")


@pytest.fixture(scope="module")
def run(binary, instance):
    """Runs a subcommand; `config=True` adds the instance's configuration."""
    def call(*words, config=False, env=None):
        words = [*words, *(["--config", instance["CONFIG_FILE"]] if config else [])]
        return subprocess.run([binary, *words], capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, **(env or {})})
    return call


def subcommands(run):
    told = run("--help").stdout
    return re.findall(r"^  ([a-z-]+) ", told, re.MULTILINE)


def test_every_subcommand_has_help(run):
    """--help is 0 and tells usage; a word nobody knows is 2, and so is an unknown option."""
    names = subcommands(run)
    assert {"serve", "migrate", "check-config", "print-config", "keyring", "ca", "token", "user", "lint", "blocklist",
            "version"} <= set(names)
    for name in names:
        told = run(name, "--help")
        assert told.returncode == 0 and told.stdout.startswith("usage: reissued " + name), name
        assert "--json" in told.stdout, name
        assert run(name, "--no-such-option").returncode == 2, name
    assert run("no-such-subcommand").returncode == 2
    assert "\x1b" not in run("--help").stdout


def test_version(run):
    """The version, for people and for programs."""
    version = json.loads(run("version", "--json").stdout)["version"]
    assert run("version").stdout.strip() == f"reissued {version}"


FAULTY = """
server: {port: 99999, listen: nope, cors_origins: ["https://a.example/", 5], no_such_key: 1}
database: {pool_size: x}
log: {level: loud}
nothing: 3
"""


def test_all_faults_of_a_configuration_at_once(run, tmp_path):
    """check-config tells every fault with its key and exits 78; serve refuses the same way."""
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text(FAULTY)
    wanted = {"server.port", "server.listen", "server.cors_origins.0", "server.cors_origins.1", "server.no_such_key",
              "database.pool_size", "log.level", "nothing", "database.url", "keyring.file", "signer.journal_file"}
    told = run("check-config", "--config", str(faulty))
    assert told.returncode == 78 and all(key + ":" in told.stderr for key in wanted)
    faults = json.loads(run("check-config", "--config", str(faulty), "--json").stdout)["faults"]
    assert wanted <= {fault["key"] for fault in faults}
    assert run("serve", "--config", str(faulty)).returncode == 78
    assert run("check-config", config=True).returncode == 0
    assert run("check-config", config=True, env={"REISSUED_SERVER_PORT": "many"}).returncode == 78
    assert run("check-config", config=True, env={"REISSUED_SERVER_NO_SUCH": "1"}).returncode == 78


def test_a_printed_configuration_shows_no_password(run, instance, tmp_path):
    """print-config merges files and environment and hides passwords inside of values."""
    secret = tmp_path / "secret.yaml"
    secret.write_text('database: {url: "postgresql://u:hunter2@h/db", job_url: "host=h password=hunter3 user=u"}\n')
    told = run("print-config", "--config", instance["CONFIG_FILE"], "--config", str(secret),
               env={"REISSUED_SERVER_PORT": "4711"})
    printed = json.loads(told.stdout)
    assert printed["server"]["port"] == 4711
    assert "hunter" not in told.stdout and "***" in printed["database"]["url"]


def test_a_user_and_a_token(run, instance):
    """user create and token create make what they say; the token works at once."""
    email = f"cli-{uuid.uuid4().hex}@example.test"
    made = run("user", "create", "--enterprise", "Example Ltd", "--email", email, "--name", "C", "--role", "subscriber",
               "--json", config=True)
    assert made.returncode == 0, made.stderr
    token = json.loads(run("token", "create", "--email", email, "--name", "t", "--json", config=True).stdout)["token"]
    assert Api(instance["BASE_URL"], token).get("/v1/me").expect(200)["email"] == email


def test_what_is_wrong_is_told(run):
    """Faults are listed each, what is missing is named; a database that is away is exit 69."""
    words = ["user", "create", "--enterprise", "Example Ltd", "--email", "bad", "--name", "C", "--role", "king"]
    told = run(*words, config=True)
    assert told.returncode == 1 and "/email: " in told.stderr and "/role: " in told.stderr
    errors = json.loads(run(*words, "--json", config=True).stderr)["errors"]
    assert {error["pointer"] for error in errors} == {"/email", "/role"}
    words[3] = "No Such Ltd"
    assert "No Such Ltd" in run(*words, config=True).stderr
    away = {"REISSUED_DATABASE_URL": "host=/nonexistent dbname=reissued"}
    assert run("token", "create", "--email", "a@b.example", "--name", "t", config=True, env=away).returncode == 69
