"""Calls users.v1.UserService in all four kinds of call, with Python's grpcio. No farcall code in here.

    python client.py [HOST:PORT]

Needs the packages grpcio, grpcio-tools and grpcio-status (README.md beside this file).
"""

import sys
import time
from pathlib import Path

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

# Reads the contract at run time; `python -m grpc_tools.protoc` would write the same modules to disk.
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "proto"))
users_pb2, users_pb2_grpc = grpc.protos_and_services("users.proto")


def create_users(stub):
    print("CreateUsers (client streaming)")
    requests = (
        users_pb2.CreateUserRequest(name=name, email=f"{name.lower()}@example.com", roles=roles)
        for name, roles in (("Ada", ["admin"]), ("Grace", ["admin", "navy"]), ("Linus", []))
    )
    user_ids = stub.CreateUsers(requests, timeout=5).user_ids
    print(f"  created {', '.join(user_ids)}")
    return user_ids


def get_user(stub, user_id):
    print("GetUser (unary)")
    user = stub.GetUser(users_pb2.GetUserRequest(user_id=user_id), timeout=5)
    nickname = user.nickname if user.HasField("nickname") else "none"
    print(f"  {user.id}: {user.name} <{user.email}>, roles {list(user.roles)}, nickname {nickname}")


def get_nobody(stub):
    print("GetUser of nobody")
    try:
        stub.GetUser(users_pb2.GetUserRequest(user_id="nobody"), timeout=5)
    except grpc.RpcError as error:
        print(f"  {error.code().name}: {error.details()}")
        status = rpc_status.from_call(error)
        for detail in status.details if status else ():
            resource = error_details_pb2.ResourceInfo()
            if detail.Unpack(resource):
                print(f"  cause: {resource.resource_type} {resource.resource_name!r}: {resource.description}")


def list_users(stub):
    print("ListUsers (server streaming)")
    for user in stub.ListUsers(users_pb2.ListUsersRequest(role="admin", page_size=10), timeout=5):
        print(f"  {user.id}: {user.name}")


def chat(stub, user_id):
    print("Chat (bidirectional)")

    def messages():
        for text in ("hello", "how are you?", "bye"):
            print(f"  > {text}")
            yield users_pb2.ChatMessage(user_id=user_id, text=text, sent_at_unix_ms=time.time_ns() // 1_000_000)

    for reply in stub.Chat(messages(), timeout=5):
        print(f"  < {reply.user_id}: {reply.text}")


def main():
    target = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051"
    with grpc.insecure_channel(target) as channel:
        stub = users_pb2_grpc.UserServiceStub(channel)
        user_ids = create_users(stub)
        get_user(stub, user_ids[0])
        get_nobody(stub)
        list_users(stub)
        chat(stub, user_ids[0])


try:
    main()
except grpc.RpcError as error:
    sys.exit(f"the call failed with {error.code().name}: {error.details()}")
