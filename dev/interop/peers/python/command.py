"""The command line of a Python peer: `server --port N`, or `client --server_host H --server_port N --test_case T[,T...]`;
for Unix sockets `server --listen TARGET` and `client --target TARGET`.

A client prints one line a case, `PASS case` or `FAIL case: reason`, reasons on stderr too, and exits with 1 when one failed.
"""

import argparse
import sys

import grpc


def parse(program, cases):
    parser = argparse.ArgumentParser(prog=program)
    roles = parser.add_subparsers(dest="role", required=True)
    server = roles.add_parser("server")
    place = server.add_mutually_exclusive_group(required=True)
    place.add_argument("--port", type=int, help="0 lets the system choose; the chosen one is printed")
    place.add_argument("--listen", help="a Unix socket, as in unix:/run/test.sock or unix-abstract:test")
    client = roles.add_parser("client")
    client.add_argument("--server_host", default="127.0.0.1")
    place = client.add_mutually_exclusive_group(required=True)
    place.add_argument("--server_port", type=int)
    place.add_argument("--target", help="in place of host and port, as in unix:/run/test.sock")
    client.add_argument("--test_case", required=True, help="one case, or several with commas")
    flags = parser.parse_args()
    if flags.role == "client":
        flags.cases = flags.test_case.split(",")
        for case in flags.cases:
            if case not in cases:
                parser.error(f"unknown test case {case!r}; there are {', '.join(cases)}")
        host = f"[{flags.server_host}]" if ":" in flags.server_host else flags.server_host
        flags.target = flags.target or f"{host}:{flags.server_port}"
    else:
        flags.listen = flags.listen or f"127.0.0.1:{flags.port}"
    return flags


def describe(error):
    if isinstance(error, grpc.RpcError) and hasattr(error, "code"):
        return f"the call ended with {error.code()}: {error.details()}"
    return f"{type(error).__name__}: {error}"


class Verdicts:
    """Prints each case's line as it ends and remembers whether one failed."""

    def __init__(self):
        self.failed = False

    def passed(self, case):
        print(f"PASS {case}", flush=True)

    def failed_with(self, case, error):
        self.failed = True
        reason = " ".join(describe(error).split())
        print(f"FAIL {case}: {reason}", flush=True)
        print(f"{case}: {reason}", file=sys.stderr, flush=True)
