"""The cases as calls of Python grpcio's asyncio API, each a coroutine of a channel and a stub.

No parsing of flags and no printing: `grpcio_aio.py` does both.
"""

import asyncio

import grpc

from contract import (
    CALL_SECONDS, CHANNEL_OPTIONS, COMPRESSED_REQUESTS, ECHO, SPECIAL_STATUS_MESSAGE, STATUS_MESSAGE, STREAM_REPLIES,
    STREAM_REQUESTS, UNARY_REPLY, UNARY_REQUEST, Failure, empty_pb2, expect, expect_echo, expect_status, expect_zeros,
    input_request, messages_pb2, output_request, simple_request, test_pb2_grpc, with_status,
)

# What grpc.aio says, with INTERNAL, of a call that ends while it is writing: the real status is lost. One call in three
# against a grpc-js server, so that 20 in a row have another reason.
LOST_STATUS, LOST_STATUS_TRIES = "Internal error from Core", 20


async def open_channel(target, compression=None):
    channel = grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS, compression=compression)
    await asyncio.wait_for(channel.channel_ready(), CALL_SECONDS)
    return channel


async def error_of(call):
    try:
        reply = await call
    except grpc.aio.AioRpcError as error:
        return error
    raise Failure(f"expected an error, got a reply of {reply.ByteSize()} bytes")


async def next_of(replies):
    """The next message, or None where the stream ends."""
    message = await replies.read()
    return None if message is grpc.aio.EOF else message


async def expect_end(replies, code=grpc.StatusCode.OK, details=None):
    """The stream ends here, with this status and without another message."""
    try:
        message = await next_of(replies)
    except (grpc.aio.AioRpcError, asyncio.CancelledError):
        message = None
    if message is not None:
        raise Failure(f"expected the end of the stream, got another message of {message.ByteSize()} bytes")
    expect_status(await replies.code(), await replies.details(), code, details)


async def empty_unary(_channel, stub):
    expect("reply", await stub.EmptyCall(empty_pb2.Empty(), timeout=CALL_SECONDS), empty_pb2.Empty())


async def large_unary(_channel, stub):
    expect_zeros("reply", await stub.UnaryCall(simple_request(), timeout=CALL_SECONDS), UNARY_REPLY)


async def client_streaming(_channel, stub):
    call = stub.StreamingInputCall(timeout=CALL_SECONDS)
    for size in STREAM_REQUESTS:
        await call.write(input_request(size))
    await call.done_writing()
    expect("aggregated_payload_size", (await call).aggregated_payload_size, sum(STREAM_REQUESTS))


async def server_streaming(_channel, stub):
    replies = stub.StreamingOutputCall(output_request(*STREAM_REPLIES), timeout=CALL_SECONDS)
    for number, size in enumerate(STREAM_REPLIES, 1):
        expect_zeros(f"message {number}", await next_of(replies), size)
    await expect_end(replies)


async def ping_pong(_channel, stub, compressed=None):
    call = stub.FullDuplexCall(timeout=CALL_SECONDS)
    for number, (sent, answer) in enumerate(zip(STREAM_REQUESTS, STREAM_REPLIES), 1):
        await call.write(output_request(answer, payload=sent, compressed=compressed))
        expect_zeros(f"message {number}", await next_of(call), answer)
    await call.done_writing()
    await expect_end(call)


async def empty_stream(_channel, stub):
    call = stub.FullDuplexCall(timeout=CALL_SECONDS)
    await call.done_writing()
    await expect_end(call)


async def custom_metadata(_channel, stub):
    unary = stub.UnaryCall(simple_request(), timeout=CALL_SECONDS, metadata=ECHO)
    expect_zeros("reply", await unary, UNARY_REPLY)
    expect_echo(await unary.initial_metadata(), await unary.trailing_metadata())
    duplex = stub.FullDuplexCall(timeout=CALL_SECONDS, metadata=ECHO)
    await duplex.write(output_request(UNARY_REPLY, payload=UNARY_REQUEST))
    await duplex.done_writing()
    expect_zeros("duplex reply", await next_of(duplex), UNARY_REPLY)
    await expect_end(duplex)
    expect_echo(await duplex.initial_metadata(), await duplex.trailing_metadata())


async def status_code_and_message(_channel, stub):
    request = with_status(messages_pb2.SimpleRequest, STATUS_MESSAGE)
    error = await error_of(stub.UnaryCall(request, timeout=CALL_SECONDS))
    expect_status(error.code(), error.details(), grpc.StatusCode.UNKNOWN, STATUS_MESSAGE)
    duplex = stub.FullDuplexCall(timeout=CALL_SECONDS)
    await duplex.write(with_status(messages_pb2.StreamingOutputCallRequest, STATUS_MESSAGE))
    await duplex.done_writing()
    await expect_end(duplex, grpc.StatusCode.UNKNOWN, STATUS_MESSAGE)


async def special_status_message(_channel, stub):
    request = with_status(messages_pb2.SimpleRequest, SPECIAL_STATUS_MESSAGE)
    error = await error_of(stub.UnaryCall(request, timeout=CALL_SECONDS))
    expect_status(error.code(), error.details(), grpc.StatusCode.UNKNOWN, SPECIAL_STATUS_MESSAGE)


async def unimplemented_method(_channel, stub):
    error = await error_of(stub.UnimplementedCall(empty_pb2.Empty(), timeout=CALL_SECONDS))
    expect_status(error.code(), error.details(), grpc.StatusCode.UNIMPLEMENTED)


async def unimplemented_service(channel, _stub):
    stub = test_pb2_grpc.UnimplementedServiceStub(channel)
    error = await error_of(stub.UnimplementedCall(empty_pb2.Empty(), timeout=CALL_SECONDS))
    expect_status(error.code(), error.details(), grpc.StatusCode.UNIMPLEMENTED)


async def cancel_after_begin(_channel, stub):
    call = stub.StreamingInputCall(timeout=CALL_SECONDS)
    await call.wait_for_connection()
    expect("cancel()", call.cancel(), True)
    expect_status(await call.code(), await call.details(), grpc.StatusCode.CANCELLED)


async def cancel_after_first_response(_channel, stub):
    call = stub.FullDuplexCall(timeout=CALL_SECONDS)
    await call.write(output_request(STREAM_REPLIES[0], payload=STREAM_REQUESTS[0]))
    expect_zeros("message 1", await next_of(call), STREAM_REPLIES[0])
    expect("cancel()", call.cancel(), True)
    await expect_end(call, grpc.StatusCode.CANCELLED)


async def timeout_on_sleeping_server(_channel, stub):
    for _ in range(LOST_STATUS_TRIES):
        call = stub.FullDuplexCall(timeout=0.001)
        try:
            await call.write(output_request(payload=STREAM_REQUESTS[0]))
        except grpc.aio.AioRpcError:
            pass  # the millisecond passed before the message left; the status below is the same
        if await call.details() != LOST_STATUS:
            break
    await expect_end(call, grpc.StatusCode.DEADLINE_EXCEEDED)


async def compressed_unary(stub):
    reply = await stub.UnaryCall(simple_request(compressed=True), timeout=CALL_SECONDS)
    expect_zeros("reply", reply, UNARY_REPLY)


async def compressed_streaming(channel, stub):
    call = stub.StreamingInputCall(timeout=CALL_SECONDS)
    for size in COMPRESSED_REQUESTS:
        await call.write(input_request(size, compressed=True))
    await call.done_writing()
    expect("aggregated_payload_size", (await call).aggregated_payload_size, sum(COMPRESSED_REQUESTS))
    await ping_pong(channel, stub, compressed=True)


async def gzip_unary(_channel, stub):
    await compressed_unary(stub)


async def gzip_streaming(channel, stub):
    await compressed_streaming(channel, stub)


async def deflate_unary(_channel, stub):
    await compressed_unary(stub)


async def deflate_streaming(channel, stub):
    await compressed_streaming(channel, stub)


PLAIN_CASES = (
    empty_unary, large_unary, client_streaming, server_streaming, ping_pong, empty_stream, custom_metadata,
    status_code_and_message, special_status_message, unimplemented_method, unimplemented_service, cancel_after_begin,
    cancel_after_first_response, timeout_on_sleeping_server,
)
GZIP_CASES = (gzip_unary, gzip_streaming)
# What every request of these cases is compressed with. The server is asked in kind by farcall alone, see `contract.py`.
COMPRESSIONS = dict.fromkeys(GZIP_CASES, grpc.Compression.Gzip) | dict.fromkeys(
    (deflate_unary, deflate_streaming), grpc.Compression.Deflate
)
CASES = {case.__name__: case for case in (*PLAIN_CASES, *COMPRESSIONS)}


class Client:
    """Runs cases over one plain channel, and over one for each compression of every request, opened when first needed."""

    def __init__(self, target):
        self._target = target
        self._channels = {}

    async def run(self, name):
        """Returns None, or raises with the reason."""
        case = CASES[name]
        compression = COMPRESSIONS.get(case)
        if compression not in self._channels:
            self._channels[compression] = await open_channel(self._target, compression)
        channel = self._channels[compression]
        await case(channel, test_pb2_grpc.TestServiceStub(channel))

    async def close(self):
        for channel in self._channels.values():
            await channel.close()
