"""One more service process beside the instance: the same database, another configuration."""
import os
import signal
import socket
import subprocess
import time

from .client import Api


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Beside:
    """Runs `reissued serve` with YAML of the test's own merged over the instance's; always ended by pid."""

    def __init__(self, instance, folder, settings, **environment):
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        own = folder / "own.yaml"
        # JSON is YAML. The journal lies with the others, where the oracle looks.
        own.write_text(settings.replace("@PORT@", str(self.port)).replace(
            "@JOURNAL@", str(instance.dir / "journal" / f"beside-{self.port}")))
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [os.readlink(f"/proc/{instance.pids()[0]}/exe"), "serve", "--config", str(instance["CONFIG_FILE"]),
                 "--config", str(own)], stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **environment})

    def __enter__(self):
        until = time.monotonic() + 15
        while time.monotonic() < until:
            try:
                if Api(self.base_url, checked=False).get("/readyz", timeout=2).status == 200:
                    return self
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        raise AssertionError(self.log.read_text())

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def caller(self, token=None):
        return Api(self.base_url, token)
