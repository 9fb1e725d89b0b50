"""Starts farcall's servers and client, and holds what either side reads against what the other wrote.

`dev/interop/details` runs it. The details, and the Python server, are in `details.py`.
"""

import contextlib
import re
import subprocess
import sys
import threading
from pathlib import Path

import details
import grpc
import users_pb2
from google.rpc import error_details_pb2 as rpc

START_SECONDS = 15
CLIENT_SECONDS = 15


@contextlib.contextmanager
def serving(*command):
    """A server process, by its port: the first line that ends in one says it."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    slow = threading.Timer(START_SECONDS, process.kill)
    slow.start()
    try:
        port = next((found[1] for line in process.stdout if (found := re.search(r" on \S*:(\d+)\s*$", line))), None)
        slow.cancel()
        if port is None:
            raise AssertionError(f"{command[0]} did not say where it listens within {START_SECONDS} s")
        # What else it prints is nobody's business, but must not fill the pipe.
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield port
    finally:
        slow.cancel()
        process.kill()
        process.wait()


def get(stub, user_id):
    return lambda: stub.GetUser(users_pb2.GetUserRequest(user_id=user_id), timeout=details.CALL_SECONDS)


def python_reads_every_kind(port):
    error, status = details.failure(get(details.stub(port), details.EVERY_KIND))
    details.equal("status", (error.code(), error.details()), (grpc.StatusCode.NOT_FOUND, details.MESSAGE))
    details.equal("google.rpc.Status", (status.code, status.message), (5, details.MESSAGE))
    *known, last = status.details
    for box, wanted in zip(known, details.every_kind(), strict=True):
        seen = type(wanted)()
        details.equal(f"{box.type_url} is {wanted.DESCRIPTOR.full_name}", box.Unpack(seen), True)
        details.equal(wanted.DESCRIPTOR.full_name, seen, wanted)
    details.equal("the unknown kind", last, details.other())


def python_refuses_details_of_another_failure(port):
    try:
        details.failure(get(details.stub(port), details.MISMATCH))
    except ValueError:
        return
    raise AssertionError("grpcio-status took details of another code")


def python_reads_the_users_example(port):
    stub = details.stub(port)
    error, status = details.failure(get(stub, "4711"))
    resource = rpc.ResourceInfo()
    details.equal("GetUser", (error.code(), [box.Unpack(resource) for box in status.details]), (grpc.StatusCode.NOT_FOUND, [True]))
    details.equal("ResourceInfo", (resource.resource_type, resource.resource_name), ("users.v1.User", "4711"))

    nameless = [users_pb2.CreateUserRequest(name="Ada"), users_pb2.CreateUserRequest()]
    error, status = details.failure(lambda: stub.CreateUsers(iter(nameless), timeout=details.CALL_SECONDS))
    bad = rpc.BadRequest()
    details.equal("CreateUsers", (error.code(), [box.Unpack(bad) for box in status.details]), (grpc.StatusCode.INVALID_ARGUMENT, [True]))
    details.equal("BadRequest", [violation.field for violation in bad.field_violations], ["requests[1].name"])


def farcall_reads_python(client):
    server, port = details.serve()
    try:
        done = subprocess.run([client, "client", "--server_port", str(port)], capture_output=True, text=True, timeout=CLIENT_SECONDS)
        details.equal("farcall's client", (done.returncode, done.stderr), (0, ""))
    finally:
        server.stop(None).wait()


def main():
    folder = Path(sys.argv[1])
    binaries = {name: folder / name for name in ("interop-details", "users")}
    for name, path in binaries.items():
        if not path.exists():
            sys.exit(f"details: {path} not found; run: cargo build --release -p interop -p users")
    try:
        with serving(binaries["interop-details"], "server", "--port", "0") as port:
            for check in (python_reads_every_kind, python_refuses_details_of_another_failure):
                check(port)
                print("ok", check.__name__.replace("_", " "))
        with serving(binaries["users"], "--listen", "127.0.0.1:0") as port:
            python_reads_the_users_example(port)
            print("ok python reads the users example")
        farcall_reads_python(binaries["interop-details"])
        print("ok farcall reads python: every kind, details of another code, bytes that are none")
    except AssertionError as error:
        sys.exit(f"details: {error}")


main()
