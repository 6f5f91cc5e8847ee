"""The running instance that ./dev up started: its environment, files and processes."""
import os
import pathlib
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]

# One caller for every role of 8.1, and where its token stands in DIR/env.
CALLERS = {
    "admin": "ADMIN_TOKEN",
    "enterprise_admin": "ENTERPRISE_ADMIN_TOKEN",
    "officer": "OFFICER_TOKEN",
    "officer2": "OFFICER2_TOKEN",
    "officer_other": "OFFICER_OTHER_TOKEN",
    "subscriber": "SUBSCRIBER_TOKEN",
    "subscriber_b": "SUBSCRIBER_B_TOKEN",
    "subscriber2": "SUBSCRIBER2_TOKEN",
    "auditor": "AUDITOR_TOKEN",
}


def read_env(path):
    """Reads a DIR/env file (shell syntax: NAME=value or export NAME=value)."""
    values = {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, _, value = line.removeprefix("export ").partition("=")
        values[name] = " ".join(shlex.split(value))
    return values


class Instance:
    """One instance: what DIR/env says. BASE_URL of the environment chooses the replica."""

    def __init__(self, env_file=None):
        self.env_file = pathlib.Path(env_file or os.environ.get("REISSUED_ENV", ROOT / ".run" / "env"))
        if not self.env_file.exists():
            raise RuntimeError(f"{self.env_file} is not there: start an instance with ./dev up")
        self.env = read_env(self.env_file)
        # Only for the instance that the environment names: a test's own is what its own file says.
        if env_file is None and "BASE_URL" in os.environ:
            self.env["BASE_URL"] = os.environ["BASE_URL"]
        self.dir = self.env_file.parent

    def __getitem__(self, name):
        return self.env[name]

    @property
    def base_urls(self):
        """All replicas; the first is BASE_URL's."""
        return self.env.get("BASE_URLS", self.env["BASE_URL"]).split()

    @property
    def logs(self):
        return sorted((self.dir / "log").glob("r*.log"))

    def log_lines(self, needle, most=20):
        """The service's log lines that name a request id."""
        found = []
        for log in self.logs:
            with open(log, "rb") as lines:
                lines.seek(max(0, log.stat().st_size - 4_000_000))
                found += [line.decode(errors="replace").rstrip() for line in lines
                          if needle.encode() in line and line.endswith(b"\n")]
        return found[-most:]

    def dev(self, *arguments, check=True):
        """Runs ./dev against this instance."""
        return subprocess.run([str(ROOT / "dev"), *arguments, "--dir", str(self.dir)], check=check,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)

    def pids(self):
        """Process ids of the replicas, first replica first."""
        return [int(path.read_text().split()[0]) for path in sorted((self.dir / "pid").glob("r[0-9]*"))
                if "." not in path.name]

    def database(self):
        """An auditor's eyes on the database: a superuser connection, past row-level security."""
        import psycopg2
        connection = psycopg2.connect(self.env["DATABASE_URL"], user="postgres")  # there: the app role
        connection.autocommit = True
        return connection
