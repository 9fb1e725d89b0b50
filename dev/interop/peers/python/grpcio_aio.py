"""The peer over Python grpcio's asyncio API. Only the wiring: see `command.py`, `aio_client.py`, `aio_server.py`."""

import asyncio
import sys

from aio_client import CASES, Client
from aio_server import serve
from command import Verdicts, parse


async def main():
    flags = parse("grpcio_aio", CASES)
    if flags.role == "server":
        await serve(flags.listen)
    verdicts = Verdicts()
    client = Client(flags.target)
    for case in flags.cases:
        try:
            await client.run(case)
            verdicts.passed(case)
        except (Exception, asyncio.CancelledError) as error:
            verdicts.failed_with(case, error)
    await client.close()
    sys.exit(1 if verdicts.failed else 0)


asyncio.run(main())
