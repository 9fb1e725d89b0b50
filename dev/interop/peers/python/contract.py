"""What both Python peers share: the generated messages, the numbers of the cases, and what a reply must look like.

No call is made here: the sync and the asyncio peer each make theirs over their own API.
The law: the interop test descriptions of the gRPC project (sizes, keys and texts come from there).
"""

import sys
from pathlib import Path

import grpc

GENERATED = Path(sys.prefix).parent / "gen"
if not (GENERATED / "grpc").is_dir():
    sys.exit(f"no messages in {GENERATED}; run dev/interop/peers/setup and use the Python of target/peers/venv")
sys.path.insert(0, str(GENERATED))
# The contract's package is grpc.testing, and `grpc` is already the library's: let it look in our folder too.
grpc.__path__.append(str(GENERATED / "grpc"))

from grpc.testing import empty_pb2, messages_pb2, test_pb2_grpc  # noqa: E402

__all__ = ["empty_pb2", "messages_pb2", "test_pb2_grpc"]

CALL_SECONDS = 8  # deadline of every call of a case, below the 10 s that the runner allows a case

UNARY_REQUEST, UNARY_REPLY = 271828, 314159
STREAM_REQUESTS = (27182, 8, 1828, 45904)
STREAM_REPLIES = (31415, 9, 2653, 58979)
COMPRESSED_REQUESTS = (27182, 45904)  # large enough that every library finds compressing worth while

INITIAL_KEY, INITIAL_VALUE = "x-grpc-test-echo-initial", "test_initial_metadata_value"
TRAILING_KEY, TRAILING_VALUE = "x-grpc-test-echo-trailing-bin", b"\xab\xab\xab"
# Asks a Python server for an answer in deflate: grpcio does not tell a handler how its request was compressed.
ANSWER_KEY = "x-answer-encoding"
ECHO = ((INITIAL_KEY, INITIAL_VALUE), (TRAILING_KEY, TRAILING_VALUE))

STATUS_MESSAGE = "test status message"
SPECIAL_STATUS_MESSAGE = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"

CHANNEL_OPTIONS = (("grpc.enable_http_proxy", 0),)


def answer_compression(context):
    """How a server compresses what it is asked to compress: with gzip, unless the client names deflate."""
    asked = dict(context.invocation_metadata()).get(ANSWER_KEY)
    return grpc.Compression.Deflate if asked == "deflate" else grpc.Compression.Gzip


class Failure(Exception):
    """A case saw something else than it should; the text says what."""


def zeros(size):
    return messages_pb2.Payload(body=bytes(size))


def simple_request(compressed=None):
    """The request of large_unary; with `compressed`, one that says that both directions are (or are not) compressed."""
    request = messages_pb2.SimpleRequest(response_size=UNARY_REPLY, payload=zeros(UNARY_REQUEST))
    if compressed is not None:
        request.expect_compressed.value = compressed
        request.response_compressed.value = compressed
    return request


def input_request(size, compressed=None):
    request = messages_pb2.StreamingInputCallRequest(payload=zeros(size))
    if compressed is not None:
        request.expect_compressed.value = compressed
    return request


def output_request(*reply_sizes, payload=None, compressed=None):
    request = messages_pb2.StreamingOutputCallRequest()
    for size in reply_sizes:
        parameters = request.response_parameters.add(size=size)
        if compressed is not None:
            parameters.compressed.value = compressed
    if payload is not None:
        request.payload.CopyFrom(zeros(payload))
    return request


def with_status(request_type, message):
    return request_type(response_status=messages_pb2.EchoStatus(code=grpc.StatusCode.UNKNOWN.value[0], message=message))


def status_code(number):
    """The library's name for a code of the contract; a number that gRPC does not have becomes UNKNOWN."""
    return next((code for code in grpc.StatusCode if code.value[0] == number), grpc.StatusCode.UNKNOWN)


def expect(what, seen, wanted):
    if seen != wanted:
        raise Failure(f"{what}: expected {wanted!r}, got {seen!r}")


def expect_zeros(what, message, size):
    """One reply whose payload is `size` zeros; None stands for a stream that ended."""
    if message is None:
        raise Failure(f"{what}: expected a message of {size} bytes, the stream ended")
    expect(f"{what}: payload size", len(message.payload.body), size)
    if message.payload.body.count(0) != size:
        raise Failure(f"{what}: the payload of {size} bytes is not all zeros")


def expect_echo(initial, trailing):
    for where, metadata, key, wanted in (
        ("initial", initial, INITIAL_KEY, INITIAL_VALUE),
        ("trailing", trailing, TRAILING_KEY, TRAILING_VALUE),
    ):
        seen = [value for name, value in metadata or () if name == key]
        expect(f"{key} in {where} metadata", seen, [wanted])


def expect_status(code, details, wanted_code, wanted_details=None):
    expect(f"status (message {details!r})", code, wanted_code)
    if wanted_details is not None:
        expect("status message", details, wanted_details)
