"""Runs cases over Unix sockets: farcall with each Python peer in both roles, and with itself; by path and by abstract name.

What is asked of a connection is the same as over TCP, so that a few cases are enough; which sockets there are is not.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASES = "empty_unary large_unary ping_pong custom_metadata status_code_and_message".split()
SECONDS = 20


def main():
    target = Path(sys.argv[1])
    release, python = target / "release", sys.executable
    farcall = ([release / "interop-server"], [release / "interop-client"])
    for program in (farcall[0][0], farcall[1][0]):
        if not program.exists():
            sys.exit(f"unix: {program} not found; run: cargo build --release -p interop")
    peers = {name: [python, HERE / f"grpcio_{name}.py"] for name in ("sync", "aio")}
    ran = 0
    with tempfile.TemporaryDirectory() as folder:
        for form in (f"unix:{folder}/socket", f"unix://{folder}/socket", f"unix-abstract:farcall-interop-{os.getpid()}"):
            ran += between("farcall", farcall[0], "farcall", farcall[1], form)
            for name, peer in peers.items():
                ran += between("farcall", farcall[0], f"py-{name}", [*peer, "client"], form)
                ran += between(f"py-{name}", [*peer, "server"], "farcall", farcall[1], form)
    print(f"{ran} passed, 0 failed")


def between(server_name, server, client_name, client, form):
    """Starts the server, and runs every case of the client; returns how many."""
    process = subprocess.Popen([*server, "--listen", form], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline().strip()
        if not line.startswith("listening on unix"):
            sys.exit(f"FAIL: {server_name} said {line!r} instead of where it listens")
        for case in CASES:
            where = ["--target", form, "--test_case", case]
            done = subprocess.run([*client, *where], capture_output=True, text=True, timeout=SECONDS)
            if done.returncode != 0:
                reason = " ".join((done.stdout + done.stderr).split())
                sys.exit(f"FAIL {client_name} -> {server_name} over {form}: {case}: {reason}")
            print(f"{client_name} -> {server_name} over {form}: {case}", flush=True)
    finally:
        process.terminate()
        process.wait(SECONDS)
    # grpcio's servers leave theirs when they are terminated, and ours begins at such a dead one then.
    path = form.removeprefix("unix:").removeprefix("//")
    if server_name == "farcall" and os.path.exists(path):
        sys.exit(f"FAIL: the server has ended, and {path} is still there")
    return len(CASES)


main()
