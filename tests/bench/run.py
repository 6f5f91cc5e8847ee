#!/usr/bin/python3
"""The figures of the performance table: ratios in one run, medians of interleaved rounds.

    tests/bench/run.py --dir DIR [--json] [--rounds N] [--only NAME[,NAME...]]

DIR is an instance of the release build that ./dev bench started. Everything runs on the same cores:
service, PostgreSQL (fsync on), load and yardsticks, so that only ratios mean something. With --json
one object {name: {value, must, goal, unit}} is printed, else a table.
"""
import argparse
import json
import os
import pathlib
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import caa  # noqa: E402
from support.client import Api  # noqa: E402
from support.instance import Instance  # noqa: E402
from support.keys import make_csr  # noqa: E402

BUILD = ROOT / "build" / "release" / "tests" / "bench"
MILLION = 1_000_000
IDLE = 2000
# name: (must, goal, unit, smaller is better)
TABLE = {
    "engine_p256": (3.0, 4.0, "x textbook", False),
    "engine_rsa2048": (1.8, 2.0, "x textbook", False),
    "engine_cpu_p256": (2.2, 1.75, "x raw verify+sign", True),
    "submits_over_raw_p256": (0.45, 0.65, "x raw loop", False),
    "submits_over_raw_rsa2048": (0.45, 0.65, "x raw loop", False),
    "submits_over_cfssl_p256": (0.5, 1.0, "x cfssl sign", False),
    "submits_over_cfssl_rsa2048": (1.0, 2.0, "x cfssl sign", False),
    "preflight_over_cfssl_p256": (1.1, 1.5, "x cfssl sign", False),
    "journeys_per_second": (None, None, "journeys/s", False),
    "get_over_static": (0.12, 0.25, "x static Ulfius", False),
    "submit_p99_over_raw": (3.0, 1.5, "x raw loop", True),
    "idle_connection_kb": (40, 24, "kB", True),
    "latency_beside_idle": (2.0, 2.0, "x alone", True),
    "last_page_over_first": (3.0, 2.0, "x first page", True),
    "search_ms": (100, 100, "ms", True),
    "clients_64_over_16": (0.8, 0.95, "x 16 clients", False),
    **caa.TABLE,
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_port(port, seconds=10):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on {port}")


class Bench:
    def __init__(self, instance, rounds, folder):
        self.instance = instance
        self.rounds = rounds
        self.folder = folder
        self.port = int(instance["BASE_URL"].rsplit(":", 1)[1])
        self.officer = Api(instance["BASE_URL"], instance["OFFICER_TOKEN"], checked=False)
        self.admin = Api(instance["BASE_URL"], instance["ENTERPRISE_ADMIN_TOKEN"], checked=False)
        self.owner = Api(instance["BASE_URL"], instance["SUBSCRIBER_TOKEN"], checked=False)
        self.owner_id = self.owner.get("/v1/me").expect(200)["id"]
        self.values = {}
        self.processes = []

    # --- tools ---

    def load(self, lines, clients=16, token="SUBSCRIBER_TOKEN", port=None, seconds=60, loop=False):
        """Runs the load generator over lines of work; its report."""
        path = self.folder / "chains"
        path.write_text("\n".join(lines) + "\n")
        command = [BUILD / "load", "--port", str(port or self.port), "--clients", str(clients), "--file", path,
                   "--seconds", str(seconds), "--token", self.instance[token]]
        out = subprocess.run(command + (["--loop"] if loop else []), check=True, stdout=subprocess.PIPE, text=True)
        report = json.loads(out.stdout)
        if report["failed"]:
            raise RuntimeError(f"{report['failed']} of the load's requests failed")
        return report

    def rows(self, sql, *values, **named):
        with self.instance.database() as connection, connection.cursor() as cursor:
            cursor.execute(sql, named or values)
            return cursor.fetchall() if cursor.description else None

    def csrs(self, count):
        return [make_csr() for _ in range(count)]

    def start(self, *command):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def stop_all(self):
        for process in self.processes:
            process.terminate()
            process.wait(10)

    def ratio(self, name, ours, theirs):
        print(f"{name}: {[round(one, 2) for one in ours]} over {[round(one, 2) for one in theirs]}",
              file=sys.stderr)
        self.values[name] = statistics.median(a / b for a, b in zip(ours, theirs))

    # --- the objects ---

    def profile(self, issuer):
        """A profile of that issuer which asks for nothing but a key; its id."""
        issuers = self.admin.get("/v1/issuers").expect(200)["items"]
        wanted = self.admin.get(f"/v1/profiles/{self.instance['PROFILE_DESKTOP_ID']}").expect(200).json
        for name in ("id", "revision", "enterprise_id", "created_at", "updated_at"):
            wanted.pop(name, None)
        wanted.update(name=f"bench {uuid.uuid4().hex[:8]}", agreement_id=None, vetting=False, dual_control=False,
                      issuer_id=next(one["id"] for one in issuers if issuer in (one.get("slug"), one["name"])))
        return self.admin.post("/v1/profiles", wanted).expect(201)["id"]

    def certificates(self, profile, count):
        """Enrols certificates; afterwards those of the profile that nothing replaced are reissued on."""
        lines = [f"POST /v1/certificates " + json.dumps(
            {"profile_id": profile, "csr": csr, "owner_id": self.owner_id,
             "subject": {"common_name": f"Bench {n}"}}) for n, csr in enumerate(self.csrs(count))]
        self.load(lines, token="OFFICER_TOKEN")

    def drafts(self, profile):
        """A ready draft for every newest certificate of the profile; their ids."""
        newest = self.rows("SELECT id FROM certificate c WHERE profile_id = %s AND NOT EXISTS "
                           "(SELECT 1 FROM certificate n WHERE n.replaces_id = c.id)", profile)
        self.load(["POST /v1/reissue-requests " + json.dumps(
            {"certificate_id": str(row[0]), "reason": "key_lost", "csr": csr})
            for row, csr in zip(newest, self.csrs(len(newest)))])
        return [str(row[0]) for row in self.rows(
            "SELECT id FROM reissue_request WHERE profile_id = %s AND status = 'draft'", profile)]

    def cfssl(self, algorithm):
        """Debian's cfssl with a CA of that key, no database; its port."""
        folder = self.folder / f"cfssl-{algorithm}"
        folder.mkdir()
        key = {"algo": "ecdsa", "size": 256} if algorithm == "p256" else {"algo": "rsa", "size": 2048}
        (folder / "csr.json").write_text(json.dumps({"CN": "bench", "key": key}))
        made = json.loads(subprocess.run(["cfssl", "gencert", "-initca", folder / "csr.json"], check=True,
                                         capture_output=True, text=True).stdout)
        (folder / "ca.pem").write_text(made["cert"])
        (folder / "ca.key").write_text(made["key"])
        port = free_port()
        self.start("cfssl", "serve", "-address", "127.0.0.1", "-port", str(port), "-ca", str(folder / "ca.pem"),
                   "-ca-key", str(folder / "ca.key"), "-loglevel", "5")
        wait_port(port)
        return port

    # --- the figures ---

    def engine(self):
        told = json.loads(subprocess.run([BUILD / "engine"], check=True, stdout=subprocess.PIPE,
                                         text=True).stdout)
        for name in ("engine_p256", "engine_rsa2048", "engine_cpu_p256"):
            entry = told[name]
            self.values[name] = entry["value"] if isinstance(entry, dict) else entry

    def issuing(self, algorithm, issuer, count):
        """Submits, preflights and cfssl's signing, interleaved; then the raw loop."""
        profile = self.profile(issuer)
        self.certificates(profile, count)
        cfssl = self.cfssl(algorithm)
        signs = ["POST /api/v1/cfssl/sign " + json.dumps({"certificate_request": csr})
                 for csr in self.csrs(200)]
        submits, preflights, signed, raw, p99, raw_p99 = [], [], [], [], [], []
        for _ in range(self.rounds):
            ids = self.drafts(profile)
            preflights.append(self.load([f"GET /v1/reissue-requests/{one}/preflight" for one in ids], loop=True,
                                        seconds=1.5)["rate"])
            report = self.load([f"POST /v1/reissue-requests/{one}/submit {{}}" for one in ids])
            submits.append(report["rate"])
            p99.append(report["p99_ms"])
            signed.append(self.load(signs, port=cfssl, loop=True, seconds=1.5)["rate"])
            report = self.raw(algorithm, profile, count)
            raw.append(report["rate"])
            raw_p99.append(report["p99_ms"])
        self.ratio(f"submits_over_cfssl_{algorithm}", submits, signed)
        self.ratio(f"submits_over_raw_{algorithm}", submits, raw)
        if algorithm == "p256":
            self.ratio("preflight_over_cfssl_p256", preflights, signed)
            self.ratio("submit_p99_over_raw", p99, raw_p99)
        return profile

    def raw(self, algorithm, profile, count):
        """The raw libpq and OpenSSL loop: parse, verify, build, sign, and our two statements."""
        ids = self.drafts(profile)
        (self.folder / "ids").write_text("\n".join(ids) + "\n")
        out = subprocess.run([BUILD / "raw_loop", self.instance["DATABASE_URL"], algorithm, "16",
                              self.folder / "ids"], check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(out.stdout)

    def journeys(self, profile):
        """Create, agreement (none here) and submit: whole journeys a second; 64 clients over 16."""
        rates = {16: [], 64: []}
        for _ in range(self.rounds):
            for clients, found in rates.items():
                newest = self.rows("SELECT id FROM certificate c WHERE profile_id = %s AND NOT EXISTS "
                                   "(SELECT 1 FROM certificate n WHERE n.replaces_id = c.id)", profile)
                lines = ["POST /v1/reissue-requests " + json.dumps(
                    {"certificate_id": str(row[0]), "reason": "key_lost", "csr": csr}) +
                    "\tPOST /v1/reissue-requests/{id}/submit {}"
                    for row, csr in zip(newest, self.csrs(len(newest)))]
                found.append(self.load(lines, clients=clients)["rate"])
        self.values["journeys_per_second"] = statistics.median(rates[16])
        self.ratio("clients_64_over_16", rates[64], rates[16])

    def gets(self, profile):
        ids = [str(row[0]) for row in self.rows("SELECT id FROM certificate WHERE profile_id = %s LIMIT 500",
                                                profile)]
        size = len(self.owner.get(f"/v1/certificates/{ids[0]}").expect(200).content)
        port = free_port()
        self.start(BUILD / "static_answer", str(port), str(size))
        wait_port(port)
        ours, theirs = [], []
        for _ in range(self.rounds):
            ours.append(self.load([f"GET /v1/certificates/{one}" for one in ids], loop=True, seconds=2)["rate"])
            theirs.append(self.load(["GET /v1/static/x"], port=port, loop=True, seconds=1)["rate"])
        self.ratio("get_over_static", ours, theirs)

    def idle(self):
        """Memory of 2,000 open connections after one authenticated GET each, and latency beside them."""
        pid = self.instance.pids()[0]
        request = (f"GET /v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
                   f"{self.instance['SUBSCRIBER_TOKEN']}\r\n\r\n").encode()

        def rss():
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Rss:"):
                    return int(line.split()[1])

        def latency():
            return self.load(["GET /v1/me"], clients=1, loop=True, seconds=0.7)["p50_ms"]

        def connect():
            connection = socket.create_connection(("127.0.0.1", self.port), 10)
            connection.sendall(request)
            if not connection.recv(65536).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("an idle connection was refused")
            return connection

        memory, alone, beside = [], [], []
        for _ in range(self.rounds):
            alone.append(latency())
            before = rss()
            connections = [connect() for _ in range(IDLE)]
            memory.append((rss() - before) / IDLE)
            beside.append(latency())
            for connection in connections:
                connection.close()
        # Later rounds find memory that the first one left behind.
        self.values["idle_connection_kb"] = memory[0]
        self.ratio("latency_beside_idle", beside, alone)

    def million(self, profile):
        """Pages and search over 1,000,000 certificates of one enterprise."""
        first = "/v1/certificates?limit=50&sort=created_at"
        # The million is older than what is there, so the cursor of the last page stays that of the last page.
        last = f"{first}&cursor={self.last_cursor(first)}"
        self.rows((pathlib.Path(__file__).parent / "million.sql").read_text(), profile=profile, count=MILLION)
        # Three characters that hardly any name holds, some names hold, and every name holds: refused.
        queries = [f"/v1/certificates?q={text}" for text in ("zzz", "a1b", "exa")]
        taken = {path: [] for path in (first, last, *queries)}
        for _ in range(max(self.rounds, 5)):
            for path, times in taken.items():
                begun = time.perf_counter()
                answer = self.officer.get(path)
                times.append(time.perf_counter() - begun)
                answer.expect(400 if path.endswith("q=exa") else 200)
        medians = {path: statistics.median(times) for path, times in taken.items()}
        self.values["last_page_over_first"] = medians[last] / medians[first]
        self.values["search_ms"] = max(medians[path] for path in queries) * 1000

    def last_cursor(self, path):
        """Walks to the last full page; the cursor that gives it."""
        cursors = [None, None]
        while True:
            page = self.officer.get(path + (f"&cursor={cursors[-1]}" if cursors[-1] else "")).expect(200)
            if not page["next_cursor"]:
                return cursors[-2]
            cursors.append(page["next_cursor"])


def facts():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def show(values):
    print(f"{'figure':30} {'value':>10} {'must':>8} {'goal':>8}  unit")
    for name, (must, goal, unit, _) in TABLE.items():
        if name in values:
            print(f"{name:30} {values[name]:10.2f} {must if must is not None else '-':>8} "
                  f"{goal if goal is not None else '-':>8}  {unit}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--dir", required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=600, help="submits a round")
    parser.add_argument("--only", default="engine,p256,rsa2048,journeys,gets,idle,caa,million")
    options = parser.parse_args()
    wanted = options.only.split(",")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Instance(pathlib.Path(options.dir) / "env"), options.rounds, pathlib.Path(folder))
        try:
            if "engine" in wanted:
                bench.engine()
            profile = None
            if "p256" in wanted:
                profile = bench.issuing("p256", "demo", options.count)
            if "rsa2048" in wanted:
                bench.issuing("rsa2048", "demo-rsa", options.count // 2)
            if {"journeys", "gets", "idle", "million"} & set(wanted) and profile is None:
                profile = bench.profile("demo")
                bench.certificates(profile, options.count)
            if "journeys" in wanted:
                bench.journeys(profile)
            if "gets" in wanted:
                bench.gets(profile)
            if "idle" in wanted:
                bench.idle()
            if "caa" in wanted:
                caa.Verification(bench, BUILD).measure()
            if "million" in wanted:
                bench.million(profile)
        finally:
            bench.stop_all()
    if options.json:
        told = {name: {"value": round(bench.values[name], 3), "must": must, "goal": goal, "unit": unit}
                for name, (must, goal, unit, _) in TABLE.items() if name in bench.values}
        print(json.dumps(told))
        print(json.dumps(facts()), file=sys.stderr)
    else:
        print(json.dumps(facts()))
        show(bench.values)


if __name__ == "__main__":
    main()
