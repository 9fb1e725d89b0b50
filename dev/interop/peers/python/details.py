"""Rich errors over Python's grpcio-status: the details of `dev/interop/src/details.rs`, and a server that fails with them.

No process is started here: that is `dev/interop/details`.
"""

import sys
from concurrent import futures
from pathlib import Path

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2 as rpc
from google.rpc import status_pb2
from grpc_status import rpc_status

sys.path.insert(0, str(Path(sys.prefix).parent / "gen"))
import users_pb2  # noqa: E402
import users_pb2_grpc  # noqa: E402

MESSAGE = "no user, 100 % sure \u263a"
EVERY_KIND, MISMATCH, UNREADABLE = "every kind", "mismatch", "unreadable"
DETAILS_KEY = "grpc-status-details-bin"
CALL_SECONDS = 8


def every_kind():
    """One of each kind, every field set."""
    localized = rpc.LocalizedMessage(locale="de-CH", message="schön wär's")
    bad_request = rpc.BadRequest()
    bad_request.field_violations.add(
        field="users[2].name", description="must not be empty", reason="NAME_EMPTY", localized_message=localized
    )
    help_ = rpc.Help()
    help_.links.add(description="prices", url="https://example.com/p")
    condition = rpc.PreconditionFailure()
    condition.violations.add(type="TOS", subject="example.com", description="accept them")
    quota = rpc.QuotaFailure()
    quota.violations.add(
        subject="clientip:192.0.2.7",
        description="wait a day",
        api_service="shop.example.com",
        quota_metric="calls",
        quota_id="calls-a-day",
        quota_dimensions={"region": "eu"},
        quota_value=10,
        future_quota_value=12,
    )
    retry = rpc.RetryInfo()
    retry.retry_delay.FromMilliseconds(3500)
    return [
        bad_request,
        rpc.DebugInfo(stack_entries=["inner", "outer"], detail="at noon"),
        rpc.ErrorInfo(reason="STOCKOUT", domain="shop.example.com", metadata={"sku": "4711"}),
        help_,
        localized,
        condition,
        quota,
        rpc.RequestInfo(request_id="request-7", serving_data="opaque"),
        rpc.ResourceInfo(
            resource_type="users.v1.User", resource_name=EVERY_KIND, owner="ada", description="was deleted"
        ),
        retry,
    ]


def other():
    """A detail of a type that nobody knows."""
    return any_pb2.Any(type_url="type.example.com/example.Own", value=b"\x08\x07")


def packed(detail):
    box = any_pb2.Any()
    box.Pack(detail)
    return box


class FailingUsers(users_pb2_grpc.UserServiceServicer):
    def GetUser(self, request, context):
        if request.user_id == EVERY_KIND:
            details = [packed(detail) for detail in every_kind()] + [other()]
            status = status_pb2.Status(code=grpc.StatusCode.NOT_FOUND.value[0], message=MESSAGE, details=details)
            context.abort_with_status(rpc_status.to_status(status))
        if request.user_id == MISMATCH:
            status = status_pb2.Status(code=grpc.StatusCode.ABORTED.value[0], message=MESSAGE, details=[other()])
            context.set_trailing_metadata([(DETAILS_KEY, status.SerializeToString())])
        if request.user_id == UNREADABLE:
            context.set_trailing_metadata([(DETAILS_KEY, b"\xff")])
        context.abort(grpc.StatusCode.NOT_FOUND, MESSAGE)


def serve():
    """A started server, and its port."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    users_pb2_grpc.add_UserServiceServicer_to_server(FailingUsers(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def stub(port):
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=(("grpc.enable_http_proxy", 0),))
    return users_pb2_grpc.UserServiceStub(channel)


def failure(call):
    """The error that a call ends with, and its details as grpcio-status reads them: it refuses those of another failure."""
    try:
        call()
    except grpc.RpcError as error:
        return error, rpc_status.from_call(error)
    raise AssertionError("the call went well, and should have failed")


def equal(what, seen, wanted):
    if seen != wanted:
        raise AssertionError(f"{what}: expected {wanted!r}, got {seen!r}")
