"""grpc.testing.TestService over Python grpcio's asyncio API.

`expect_compressed` cannot be obeyed: grpcio tells a handler nothing of the compression of its requests.
UnimplementedCall is left out on purpose, and so UNIMPLEMENTED.
"""

import asyncio
import os
import time

import grpc

from contract import (
    INITIAL_KEY, TRAILING_KEY, answer_compression, empty_pb2, messages_pb2, status_code, test_pb2_grpc, zeros,
)

SERVER_ID = f"grpcio-aio-{os.getpid()}"


class TestService(test_pb2_grpc.TestServiceServicer):
    async def EmptyCall(self, _request, context):
        await echo_metadata(context)
        return empty_pb2.Empty()

    async def UnaryCall(self, request, context):
        if request.response_compressed.value:
            context.set_compression(answer_compression(context))
        await echo_metadata(context, begin=request.response_compressed.value)
        await end_if_asked(request, context)
        return messages_pb2.SimpleResponse(
            payload=zeros(request.response_size), server_id=SERVER_ID if request.fill_server_id else ""
        )

    async def CacheableUnaryCall(self, _request, context):
        await echo_metadata(context)
        body = str(time.time_ns()).encode()
        return messages_pb2.SimpleResponse(payload=messages_pb2.Payload(body=body))

    async def StreamingInputCall(self, requests, context):
        await echo_metadata(context)
        size = 0
        async for request in requests:
            size += len(request.payload.body)
        return messages_pb2.StreamingInputCallResponse(aggregated_payload_size=size)

    async def StreamingOutputCall(self, request, context):
        await answer_all((request,), context)

    async def FullDuplexCall(self, requests, context):
        begun = False
        async for request in requests:
            if not begun:
                await begin_replies(request, context)
                begun = True
            await end_if_asked(request, context)
            await write_replies(request, context)

    async def HalfDuplexCall(self, requests, context):
        await answer_all([request async for request in requests], context)


async def answer_all(requests, context):
    for number, request in enumerate(requests):
        if number == 0:
            await begin_replies(request, context)
        await end_if_asked(request, context)
        await write_replies(request, context)


async def begin_replies(request, context):
    """Compression and initial metadata, which only the first request of a stream can still decide."""
    if any(parameters.compressed.value for parameters in request.response_parameters):
        context.set_compression(answer_compression(context))
    await echo_metadata(context)


async def write_replies(request, context):
    for parameters in request.response_parameters:
        await asyncio.sleep(parameters.interval_us / 1e6)
        if not parameters.compressed.value:
            context.disable_next_message_compression()
        await context.write(messages_pb2.StreamingOutputCallResponse(payload=zeros(parameters.size)))


async def echo_metadata(context, begin=False):
    """With `begin`, sends initial metadata even if empty: those of a unary reply are otherwise sent without its compression."""
    received = context.invocation_metadata()
    context.set_trailing_metadata(tuple((key, value) for key, value in received if key == TRAILING_KEY))
    initial = tuple((key, value) for key, value in received if key == INITIAL_KEY)
    if initial or begin:
        await context.send_initial_metadata(initial)


async def end_if_asked(request, context):
    if request.response_type != messages_pb2.COMPRESSABLE:
        details = f"response_type {request.response_type} is not supported; use 0"
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, details)
    if request.response_status.code:
        await context.abort(status_code(request.response_status.code), request.response_status.message)


async def serve(listen):
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    test_pb2_grpc.add_TestServiceServicer_to_server(TestService(), server)
    bound = server.add_insecure_port(listen)
    await server.start()
    print(f"listening on {listen if listen.startswith('unix') else bound}", flush=True)
    await server.wait_for_termination()
