"""The figures of domain verification: CAA checks over libunbound itself, 100 names over one, GETs beside silence.

The name server is the instance's own named with its signed zones. Cold: names that were never asked for, answered
by a signed "there is no such name" at each step; warm: a few names with records, again and again. The service keeps
no answer from check to check, and neither may the yardstick (caa_loop.c): both make a fresh context for each.
"""
import concurrent.futures
import http.client
import json
import statistics
import subprocess
import time
import uuid

from peers.dns.peer import DnsPeer
from support.keys import make_csr, make_key

# name: (must, goal, unit, smaller is better)
TABLE = {
    "caa_cold_over_raw": (0.5, 0.7, "x libunbound", False),
    "caa_warm_over_raw": (0.5, 0.7, "x libunbound", False),
    "verify_100_over_1": (5.0, 3.0, "x one name", True),
    "get_p99_beside_hanging": (2.0, 1.2, "x alone", True),
}
CLIENTS, NAMES, HANGING = 16, 5000, 50
WARM = [f"{name}.caatest" for name in ("ok", "permit", "okcase", "wildover", "par1", "par2", "mal8", "x.target")]
SILENT = "timeout-i.caatest"


class Verification:
    def __init__(self, bench, build):
        self.bench, self.build = bench, build
        self.peer = DnsPeer(bench.instance.dir / "dns")
        self.connection = http.client.HTTPConnection("127.0.0.1", bench.port, timeout=30)

    def call(self, method, path, token, body=None):
        """One call over the kept connection: (status, body, seconds)."""
        begun = time.perf_counter()
        self.connection.request(method, path, body=body, headers={
            "Authorization": f"Bearer {self.bench.instance[token]}", "Content-Type": "application/json"})
        answer = self.connection.getresponse()
        told = answer.read()
        return answer.status, told, time.perf_counter() - begun

    def fresh(self, count):
        return [f"{uuid.uuid4().hex[:12]}.live.caatest" for _ in range(count)]

    def raw(self, names, seconds):
        path = self.bench.folder / "names"
        path.write_text("\n".join(names) + "\n")
        out = subprocess.run([self.build / "caa_loop", self.peer.config, path, str(CLIENTS), str(seconds)],
                             check=True, stdout=subprocess.PIPE, text=True)
        report = json.loads(out.stdout)
        if report["failed"]:
            raise RuntimeError(f"{report['failed']} raw checks failed")
        return report["rate"]

    def served(self, names, seconds):
        lines = ["POST /v1/caa-checks " + json.dumps({"name": name}) for name in names]
        return self.bench.load(lines, clients=CLIENTS, token="OFFICER_TOKEN", loop=True, seconds=seconds)["rate"]

    def checks(self, name, names_of):
        ours, theirs = [], []
        for _ in range(self.bench.rounds):
            theirs.append(self.raw(names_of(), 2))
            ours.append(self.served(names_of(), 2))
        self.bench.ratio(name, ours, theirs)

    # --- requests ---

    def profiles(self):
        """Two profiles of the same issuer: one that asks for nothing, one that wants CAA."""
        plain = self.bench.profile("demo")
        wanted = self.bench.admin.get(f"/v1/profiles/{plain}").expect(200).json
        for name in ("id", "revision", "enterprise_id", "created_at", "updated_at"):
            wanted.pop(name, None)
        wanted.update(name=f"bench caa {uuid.uuid4().hex[:8]}", caa="required")
        return plain, self.bench.admin.post("/v1/profiles", wanted).expect(201)["id"]

    def draft(self, plain, caa, names):
        """A draft for these names, whose certificate was enrolled under the profile that asks for nothing."""
        old = self.bench.officer.post("/v1/certificates", {
            "profile_id": plain, "csr": make_csr(make_key()), "owner_id": self.bench.owner_id,
            "subject": {"common_name": "Bench"}}).expect(201)["id"]
        self.bench.rows("UPDATE certificate SET profile_id = %s WHERE id = %s", caa, old)
        return self.bench.owner.post("/v1/reissue-requests", {
            "certificate_id": old, "reason": "key_lost", "csr": make_csr(make_key()),
            "san": [{"type": "dns", "value": name} for name in names]}).expect(201)["id"]

    def verify(self, request, token="SUBSCRIBER_TOKEN"):
        status, told, seconds = self.call("POST", f"/v1/reissue-requests/{request}/verify", token, "{}")
        if status != 200:
            raise RuntimeError(f"verify: {status} {told[:300]}")
        return json.loads(told), seconds

    def hundred(self, plain, caa):
        """Verify of 100 names over verify of one, one after the other."""
        many, one = self.draft(plain, caa, self.fresh(100)), self.draft(plain, caa, self.fresh(1))
        ours, theirs = [], []
        for _ in range(2 * self.bench.rounds + 1):
            told, seconds = self.verify(many)
            if {domain["status"] for domain in told["domains"]} != {"verified"} or len(told["domains"]) != 100:
                raise RuntimeError("100 names are not verified")
            ours.append(seconds)
            theirs.append(self.verify(one)[1])
        # The first of each warms what is warmed once.
        self.bench.ratio("verify_100_over_1", [s * 1000 for s in ours[1:]], [s * 1000 for s in theirs[1:]])

    def p99(self, path, seconds):
        taken, until = [], time.perf_counter() + seconds
        while time.perf_counter() < until:
            status, _, took = self.call("GET", path, "OFFICER_TOKEN")
            if status != 200:
                raise RuntimeError(f"GET: {status}")
            taken.append(took)
        return statistics.quantiles(taken, n=100)[98] * 1000

    def hanging(self, plain, caa):
        """p99 of GET by id while 50 verifications wait for a server that never answers, over p99 without them."""
        requests = [self.draft(plain, caa, [SILENT]) for _ in range(HANGING)]
        path = f"/v1/certificates/{self.bench.instance['ISSUED_CERTIFICATE_ID']}"

        def one(request):
            other = Verification(self.bench, self.build)
            told, _ = other.verify(request)
            return told["domains"][0]["caa"]["code"]

        beside, alone = [], []
        for _ in range(self.bench.rounds):
            before = self.p99(path, 3)
            with concurrent.futures.ThreadPoolExecutor(HANGING) as pool:
                answers = [pool.submit(one, request) for request in requests]
                time.sleep(1)
                beside.append(self.p99(path, 3))
                if any(answer.done() for answer in answers) or {a.result() for a in answers} != {"caa-timeout"}:
                    raise RuntimeError("the verifications did not hang")
            alone.append((before + self.p99(path, 3)) / 2)
        self.bench.ratio("get_p99_beside_hanging", beside, alone)

    def measure(self):
        self.checks("caa_cold_over_raw", lambda: self.fresh(NAMES))
        self.checks("caa_warm_over_raw", lambda: WARM)
        profiles = self.profiles()
        self.hundred(*profiles)
        self.hanging(*profiles)
