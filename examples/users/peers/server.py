"""users.v1.UserService over Python's grpcio, in memory. No farcall code in here.

    python server.py [HOST:PORT]

Needs the packages grpcio, grpcio-tools and grpcio-status (README.md beside this file).
"""

import sys
import threading
import time
from concurrent import futures
from pathlib import Path

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "proto"))
users_pb2, users_pb2_grpc = grpc.protos_and_services("users.proto")


def abort(context, code, message, detail):
    """Ends the call with a status that carries its cause."""
    packed = any_pb2.Any()
    packed.Pack(detail)
    status = status_pb2.Status(code=code.value[0], message=message, details=[packed])
    context.abort_with_status(rpc_status.to_status(status))


class UserService(users_pb2_grpc.UserServiceServicer):
    def __init__(self):
        self._users = {}  # oldest first
        self._lock = threading.Lock()

    def GetUser(self, request, context):
        with self._lock:
            user = self._users.get(request.user_id)
        if user is None:
            cause = error_details_pb2.ResourceInfo(
                resource_type="users.v1.User", resource_name=request.user_id, description="there is no user with this id"
            )
            abort(context, grpc.StatusCode.NOT_FOUND, f"user {request.user_id!r} not found", cause)
        return user

    def ListUsers(self, request, context):
        with self._lock:
            users = [user for user in self._users.values() if request.role in ("", *user.roles)]
        yield from users[: request.page_size or None]

    def CreateUsers(self, requests, context):
        created = []
        for number, request in enumerate(requests):
            if not request.name:
                cause = error_details_pb2.BadRequest()
                cause.field_violations.add(field=f"requests[{number}].name", description="a user needs a name")
                abort(context, grpc.StatusCode.INVALID_ARGUMENT, f"request {number} has an empty name", cause)
            created.append(request)
        with self._lock:
            users = [
                users_pb2.User(
                    id=f"user-{len(self._users) + number}",
                    name=request.name,
                    email=request.email,
                    roles=request.roles,
                    created_at_unix=int(time.time()),
                )
                for number, request in enumerate(created, 1)
            ]
            self._users.update((user.id, user) for user in users)
        return users_pb2.CreateUsersResponse(user_ids=[user.id for user in users])

    def Chat(self, messages, context):
        for message in messages:
            now = time.time_ns() // 1_000_000
            yield users_pb2.ChatMessage(user_id="server", text=f"you said: {message.text}", sent_at_unix_ms=now)


def main():
    target = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051"
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=(("grpc.so_reuseport", 0),))
    users_pb2_grpc.add_UserServiceServicer_to_server(UserService(), server)
    try:
        port = server.add_insecure_port(target)
    except RuntimeError as error:
        sys.exit(f"cannot listen on {target}: {error}; is the port in use?")
    server.start()
    print(f"listening on {target.rsplit(':', 1)[0]}:{port}", flush=True)
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        pass


main()
