"""7.2.1: what must hold of an instance after whatever was done to it; run when a suite has ended."""
import os

import pytest

from support.oracle import Oracle


@pytest.mark.invariant(1, 2, 3, 5, 7, 17, 18, 20, 26, 27, 29)
def test_the_oracle_finds_nothing(instance):
    """One certificate a request, all signed was intended and is stored, the trail tells the state, no secret is kept."""
    binary = os.readlink(f"/proc/{instance.pids()[0]}/exe")
    Oracle(instance, binary, sorted((instance.dir / "journal").iterdir())).check()
