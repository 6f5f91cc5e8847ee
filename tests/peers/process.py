"""What every peer needs: ports that are free, commands that succeed, one error."""
import contextlib
import socket
import subprocess


class PeerError(Exception):
    """A peer did not do what was asked of it."""


def run(*command, cwd=None, text=None, seconds=60):
    """Runs a command and gives what it prints; PeerError with what it says when it fails."""
    done = subprocess.run(command, cwd=cwd, input=text, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        raise PeerError(f"{command[0]}: {done.stderr}{done.stdout}")
    return done.stdout


def free_ports(count):
    """Ports of 127.0.0.1 that nobody listens on by TCP."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]


def free_port():
    return free_ports(1)[0]
