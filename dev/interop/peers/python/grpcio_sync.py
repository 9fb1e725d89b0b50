"""The peer over Python grpcio's synchronous API. Only the wiring: see `command.py`, `sync_client.py`, `sync_server.py`."""

import sys

from command import Verdicts, parse
from sync_client import CASES, Client
from sync_server import serve


def main():
    flags = parse("grpcio_sync", CASES)
    if flags.role == "server":
        serve(flags.listen)
    verdicts = Verdicts()
    client = Client(flags.target)
    for case in flags.cases:
        try:
            client.run(case)
            verdicts.passed(case)
        except Exception as error:
            verdicts.failed_with(case, error)
    client.close()
    sys.exit(1 if verdicts.failed else 0)


main()
