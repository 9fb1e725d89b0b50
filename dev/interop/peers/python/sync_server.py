"""grpc.testing.TestService over Python grpcio's synchronous API (a pool of threads).

`expect_compressed` cannot be obeyed: grpcio tells a handler nothing of the compression of its requests.
UnimplementedCall is left out on purpose, and so UNIMPLEMENTED.
"""

import os
import threading
import time
from concurrent import futures

import grpc

from contract import (
    INITIAL_KEY, TRAILING_KEY, answer_compression, empty_pb2, messages_pb2, status_code, test_pb2_grpc, zeros,
)

SERVER_ID = f"grpcio-sync-{os.getpid()}"


class TestService(test_pb2_grpc.TestServiceServicer):
    def EmptyCall(self, _request, context):
        echo_metadata(context)
        return empty_pb2.Empty()

    def UnaryCall(self, request, context):
        if request.response_compressed.value:
            context.set_compression(answer_compression(context))
        echo_metadata(context)
        end_if_asked(request, context)
        return messages_pb2.SimpleResponse(
            payload=zeros(request.response_size), server_id=SERVER_ID if request.fill_server_id else ""
        )

    def CacheableUnaryCall(self, _request, context):
        echo_metadata(context)
        body = str(time.time_ns()).encode()
        return messages_pb2.SimpleResponse(payload=messages_pb2.Payload(body=body))

    def StreamingInputCall(self, requests, context):
        echo_metadata(context)
        size = sum(len(request.payload.body) for request in requests)
        return messages_pb2.StreamingInputCallResponse(aggregated_payload_size=size)

    def StreamingOutputCall(self, request, context):
        return self.FullDuplexCall(iter((request,)), context)

    def FullDuplexCall(self, requests, context):
        for number, request in enumerate(requests):
            if number == 0:
                begin_replies(request, context)
            end_if_asked(request, context)
            yield from replies(request, context)

    def HalfDuplexCall(self, requests, context):
        return self.FullDuplexCall(iter(list(requests)), context)


def begin_replies(request, context):
    """Compression and initial metadata, which only the first request of a stream can still decide."""
    if any(parameters.compressed.value for parameters in request.response_parameters):
        context.set_compression(answer_compression(context))
    echo_metadata(context)


def replies(request, context):
    for parameters in request.response_parameters:
        time.sleep(parameters.interval_us / 1e6)
        if not parameters.compressed.value:
            context.disable_next_message_compression()
        yield messages_pb2.StreamingOutputCallResponse(payload=zeros(parameters.size))


def echo_metadata(context):
    received = context.invocation_metadata()
    context.set_trailing_metadata([(key, value) for key, value in received if key == TRAILING_KEY])
    initial = [(key, value) for key, value in received if key == INITIAL_KEY]
    if initial:
        context.send_initial_metadata(initial)


def end_if_asked(request, context):
    if request.response_type != messages_pb2.COMPRESSABLE:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"response_type {request.response_type} is not supported; use 0")
    if request.response_status.code:
        context.abort(status_code(request.response_status.code), request.response_status.message)


def serve(listen):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=32), options=(("grpc.so_reuseport", 0),))
    test_pb2_grpc.add_TestServiceServicer_to_server(TestService(), server)
    bound = server.add_insecure_port(listen)
    server.start()
    print(f"listening on {listen if listen.startswith('unix') else bound}", flush=True)
    threading.Event().wait()
