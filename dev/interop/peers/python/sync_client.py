"""The cases as calls of Python grpcio's synchronous API, each a function of a channel and a stub.

No parsing of flags and no printing: `grpcio_sync.py` does both.
"""

import queue

import grpc

from contract import (
    CALL_SECONDS, CHANNEL_OPTIONS, COMPRESSED_REQUESTS, ECHO, SPECIAL_STATUS_MESSAGE, STATUS_MESSAGE, STREAM_REPLIES,
    STREAM_REQUESTS, UNARY_REPLY, UNARY_REQUEST, Failure, empty_pb2, expect, expect_echo, expect_status, expect_zeros,
    input_request, messages_pb2, output_request, simple_request, test_pb2_grpc, with_status,
)


class Requests:
    """Requests that a case feeds one at a time; the library iterates over them on its own thread."""

    def __init__(self):
        self._waiting = queue.SimpleQueue()

    def send(self, message):
        self._waiting.put(message)

    def half_close(self):
        self._waiting.put(None)

    def __iter__(self):
        return self

    def __next__(self):
        message = self._waiting.get()
        if message is None:
            raise StopIteration
        return message

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.half_close()  # lets the library's thread go, however the case ended


def open_channel(target, compression=None):
    channel = grpc.insecure_channel(target, options=CHANNEL_OPTIONS, compression=compression)
    grpc.channel_ready_future(channel).result(timeout=CALL_SECONDS)
    return channel


def error_of(call, *arguments, **options):
    try:
        reply = call(*arguments, timeout=CALL_SECONDS, **options)
    except grpc.RpcError as error:
        return error
    raise Failure(f"expected an error, got a reply of {reply.ByteSize()} bytes")


def expect_end(replies, code=grpc.StatusCode.OK, details=None):
    """The stream ends here, with this status and without another message."""
    try:
        message = next(replies, None)
    except grpc.RpcError:
        message = None
    if message is not None:
        raise Failure(f"expected the end of the stream, got another message of {message.ByteSize()} bytes")
    expect_status(replies.code(), replies.details(), code, details)


def empty_unary(_channel, stub):
    expect("reply", stub.EmptyCall(empty_pb2.Empty(), timeout=CALL_SECONDS), empty_pb2.Empty())


def large_unary(_channel, stub):
    expect_zeros("reply", stub.UnaryCall(simple_request(), timeout=CALL_SECONDS), UNARY_REPLY)


def client_streaming(_channel, stub):
    reply = stub.StreamingInputCall(map(input_request, STREAM_REQUESTS), timeout=CALL_SECONDS)
    expect("aggregated_payload_size", reply.aggregated_payload_size, sum(STREAM_REQUESTS))


def server_streaming(_channel, stub):
    replies = stub.StreamingOutputCall(output_request(*STREAM_REPLIES), timeout=CALL_SECONDS)
    for number, size in enumerate(STREAM_REPLIES, 1):
        expect_zeros(f"message {number}", next(replies, None), size)
    expect_end(replies)


def ping_pong(_channel, stub, compressed=None):
    with Requests() as requests:
        replies = stub.FullDuplexCall(requests, timeout=CALL_SECONDS)
        for number, (sent, answer) in enumerate(zip(STREAM_REQUESTS, STREAM_REPLIES), 1):
            requests.send(output_request(answer, payload=sent, compressed=compressed))
            expect_zeros(f"message {number}", next(replies, None), answer)
        requests.half_close()
        expect_end(replies)


def empty_stream(_channel, stub):
    expect_end(stub.FullDuplexCall(iter(()), timeout=CALL_SECONDS))


def custom_metadata(_channel, stub):
    reply, call = stub.UnaryCall.with_call(simple_request(), timeout=CALL_SECONDS, metadata=ECHO)
    expect_zeros("reply", reply, UNARY_REPLY)
    expect_echo(call.initial_metadata(), call.trailing_metadata())
    requests = iter((output_request(UNARY_REPLY, payload=UNARY_REQUEST),))
    replies = stub.FullDuplexCall(requests, timeout=CALL_SECONDS, metadata=ECHO)
    expect_zeros("duplex reply", next(replies, None), UNARY_REPLY)
    expect_end(replies)
    expect_echo(replies.initial_metadata(), replies.trailing_metadata())


def status_code_and_message(_channel, stub):
    error = error_of(stub.UnaryCall, with_status(messages_pb2.SimpleRequest, STATUS_MESSAGE))
    expect_status(error.code(), error.details(), grpc.StatusCode.UNKNOWN, STATUS_MESSAGE)
    request = with_status(messages_pb2.StreamingOutputCallRequest, STATUS_MESSAGE)
    replies = stub.FullDuplexCall(iter((request,)), timeout=CALL_SECONDS)
    expect_end(replies, grpc.StatusCode.UNKNOWN, STATUS_MESSAGE)


def special_status_message(_channel, stub):
    error = error_of(stub.UnaryCall, with_status(messages_pb2.SimpleRequest, SPECIAL_STATUS_MESSAGE))
    expect_status(error.code(), error.details(), grpc.StatusCode.UNKNOWN, SPECIAL_STATUS_MESSAGE)


def unimplemented_method(_channel, stub):
    error = error_of(stub.UnimplementedCall, empty_pb2.Empty())
    expect_status(error.code(), error.details(), grpc.StatusCode.UNIMPLEMENTED)


def unimplemented_service(channel, _stub):
    call = test_pb2_grpc.UnimplementedServiceStub(channel).UnimplementedCall
    error = error_of(call, empty_pb2.Empty())
    expect_status(error.code(), error.details(), grpc.StatusCode.UNIMPLEMENTED)


def cancel_after_begin(_channel, stub):
    with Requests() as requests:
        call = stub.StreamingInputCall.future(requests, timeout=CALL_SECONDS)
        call.cancel()
        expect("cancelled()", call.cancelled(), True)
        expect_status(call.code(), call.details(), grpc.StatusCode.CANCELLED)


def cancel_after_first_response(_channel, stub):
    with Requests() as requests:
        replies = stub.FullDuplexCall(requests, timeout=CALL_SECONDS)
        requests.send(output_request(STREAM_REPLIES[0], payload=STREAM_REQUESTS[0]))
        expect_zeros("message 1", next(replies, None), STREAM_REPLIES[0])
        replies.cancel()
        expect_end(replies, grpc.StatusCode.CANCELLED)


def timeout_on_sleeping_server(_channel, stub):
    with Requests() as requests:
        replies = stub.FullDuplexCall(requests, timeout=0.001)
        requests.send(output_request(payload=STREAM_REQUESTS[0]))
        expect_end(replies, grpc.StatusCode.DEADLINE_EXCEEDED)


def gzip_unary(_channel, stub):
    expect_zeros("reply", stub.UnaryCall(simple_request(compressed=True), timeout=CALL_SECONDS), UNARY_REPLY)


def gzip_streaming(channel, stub):
    requests = (input_request(size, compressed=True) for size in COMPRESSED_REQUESTS)
    reply = stub.StreamingInputCall(requests, timeout=CALL_SECONDS)
    expect("aggregated_payload_size", reply.aggregated_payload_size, sum(COMPRESSED_REQUESTS))
    ping_pong(channel, stub, compressed=True)


def deflate_unary(channel, stub):
    gzip_unary(channel, stub)


def deflate_streaming(channel, stub):
    gzip_streaming(channel, stub)


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

    def run(self, name):
        """Returns None, or raises with the reason."""
        case = CASES[name]
        compression = COMPRESSIONS.get(case)
        if compression not in self._channels:
            self._channels[compression] = open_channel(self._target, compression)
        channel = self._channels[compression]
        case(channel, test_pb2_grpc.TestServiceStub(channel))

    def close(self):
        for channel in self._channels.values():
            channel.close()
