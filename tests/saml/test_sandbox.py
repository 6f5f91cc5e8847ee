"""The fence around the executable: what it may ask of the system once it reads what strangers wrote."""
import json
import os
import re
import subprocess

import pytest

from conftest import PROGRAM
from peers.saml import forge

SANITISED = "asan" in PROGRAM


def traced(order, tmp_path):
    """The system calls of one run, from the first byte of its order on."""
    trace = tmp_path / "trace"
    done = subprocess.run(["strace", "-f", "-o", str(trace), PROGRAM], input=json.dumps(order).encode(),
                          capture_output=True, timeout=60, check=False)
    calls = trace.read_text().splitlines()
    first = next(i for i, line in enumerate(calls) if re.search(r'\bread\(0, ', line))
    return json.loads(done.stdout), calls[:first], calls[first:]


@pytest.mark.skipif(SANITISED, reason="a sanitizer opens files of its own")
@pytest.mark.parametrize("xml", [
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>', None])
def test_no_file_and_no_network(reader, tmp_path, xml):
    """S30: no file is opened, no connection made and no process started while a message is read."""
    order = reader.order("response", response=forge.b64(xml or reader.response()), skew_s=60,
                         request_id=reader.request_id, name_id_format=forge.PERSISTENT, created_at_us=0)
    order.pop("key")
    _, before, after = traced(order, tmp_path)
    opened = [line for line in after if re.search(r"\b(open|openat|socket|connect|execve|clone|fork)\(", line)
              and "EACCES" not in line]
    assert opened == [], opened
    assert any("SECCOMP_SET_MODE_FILTER" in line for line in before), "the filter is up before the first byte"


@pytest.mark.skipif(SANITISED, reason="a sanitizer maps terabytes")
def test_limits(reader, tmp_path):
    """Memory, CPU, processes, cores and files are limited before anything is read."""
    _, before, _ = traced(reader.order("metadata"), tmp_path)
    text = "\n".join(before)
    for name, most in (("RLIMIT_AS", "262144*1024"), ("RLIMIT_CPU", "2"), ("RLIMIT_CORE", "0"),
                       ("RLIMIT_NPROC", "0"), ("RLIMIT_NOFILE", "0")):
        assert re.search(rf"{name}, {{rlim_cur={re.escape(most)}, rlim_max={re.escape(most)}}}", text), name


@pytest.mark.skipif(SANITISED, reason="sanitizers read their options from the environment")
def test_the_environment_is_forgotten(reader):
    """LASSO_FLAG, which can switch the proof of signatures off in lasso, does nothing here."""
    xml = reader.response(sign=None)
    order = reader.order("response", response=forge.b64(xml), request_id=reader.request_id, skew_s=60,
                         name_id_format=forge.PERSISTENT, created_at_us=0)
    order.pop("key")
    done = subprocess.run([PROGRAM], input=json.dumps(order).encode(), capture_output=True, timeout=20, check=True,
                          env={**os.environ, "LASSO_FLAG": "no-verify-signature"})
    assert json.loads(done.stdout)["reason"] == "unsigned"


def test_words_on_the_command_line():
    """--help and --version say what it is and under which license; anything else is a usage error."""
    told = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=20, check=True).stdout
    assert told.startswith("usage: reissued-saml") and "GNU General Public License" in told
    told = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    assert told.startswith("reissued-saml ")
    assert subprocess.run([PROGRAM, "x"], capture_output=True, timeout=20, check=False).returncode == 2
