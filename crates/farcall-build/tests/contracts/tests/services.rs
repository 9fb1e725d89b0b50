//! Services of hard contracts, as a user implements them.

use contracts::proto;
use contracts::proto::kw::r#type::r#match::self_::v1 as kw;
use contracts::proto::users::v1::{
    ChatMessage, CreateUserRequest, CreateUsersResponse, GetUserRequest, ListUsersRequest, User, UserService,
    UserServiceServer,
};
use farcall::codec::Shape;
use farcall::server::Service;
use farcall::{Call, Inbound, Outbound, Status};

struct Everything;

impl UserService for Everything {
    async fn get_user(&self, _: &Call, request: GetUserRequest) -> Result<User, Status> {
        Ok(User { id: request.user_id, ..Default::default() })
    }

    async fn list_users(&self, _: &Call, _: ListUsersRequest, _: Outbound<User>) -> Result<(), Status> {
        Ok(())
    }

    async fn create_users(&self, _: &Call, _: Inbound<CreateUserRequest>) -> Result<CreateUsersResponse, Status> {
        Ok(CreateUsersResponse::default())
    }

    async fn chat(&self, _: &Call, _: Inbound<ChatMessage>, _: Outbound<ChatMessage>) -> Result<(), Status> {
        Ok(())
    }
}

impl proto::kw2::Self_ for Everything {
    async fn self_(&self, _: &Call, _: kw::Self_) -> Result<kw::self_::Self_, Status> {
        Ok(kw::self_::Self_::default())
    }

    async fn self__(&self, _: &Call, _: kw::Self_, _: Outbound<kw::Self_>) -> Result<(), Status> {
        Ok(())
    }

    async fn super_(&self, _: &Call, _: Inbound<kw::Self_>) -> Result<kw::Self_, Status> {
        Ok(kw::Self_::default())
    }

    async fn crate_(&self, _: &Call, _: Inbound<kw::Self_>, _: Outbound<kw::Self_>) -> Result<(), Status> {
        Ok(())
    }
}

impl proto::collide::v1::Echo for Everything {
    async fn echo(
        &self,
        _: &Call,
        _: proto::collide::v1::EchoServer,
    ) -> Result<proto::collide::v1::EchoClient, Status> {
        Ok(proto::collide::v1::EchoClient::default())
    }

    async fn sub(&self, _: &Call, _: proto::collide::v1::Sub) -> Result<proto::collide::v1::sub::Thing, Status> {
        Ok(proto::collide::v1::sub::Thing::default())
    }
}

impl proto::collide::v1::Empty for Everything {}

#[test]
fn a_service_describes_itself_as_the_contract_does() {
    let server = UserServiceServer::new(Everything);
    let descriptor = server.descriptor();
    assert_eq!(descriptor.name, "users.v1.UserService");
    let methods: Vec<_> = descriptor.methods.iter().map(|method| (method.name, method.path, method.shape)).collect();
    assert_eq!(
        methods,
        [
            ("GetUser", "/users.v1.UserService/GetUser", Shape::Unary),
            ("ListUsers", "/users.v1.UserService/ListUsers", Shape::ServerStreaming),
            ("CreateUsers", "/users.v1.UserService/CreateUsers", Shape::ClientStreaming),
            ("Chat", "/users.v1.UserService/Chat", Shape::Bidi),
        ]
    );
}

#[test]
fn paths_keep_the_names_that_rust_has_taken() {
    let server = proto::kw2::SelfServer::new(Everything);
    let paths: Vec<_> = server.descriptor().methods.iter().map(|method| method.path).collect();
    assert_eq!(paths, ["/kw2.Self/Self", "/kw2.Self/self", "/kw2.Self/super", "/kw2.Self/crate"]);
    assert_eq!(proto::RootServiceServer::new(Root).descriptor().name, "RootService");
}

struct Root;

impl proto::RootService for Root {
    async fn get(&self, _: &Call, _: proto::Root) -> Result<proto::root::Leaf, Status> {
        Ok(proto::root::Leaf::default())
    }
}

#[test]
fn a_message_with_the_name_of_a_stub_moves_the_stub() {
    let server = proto::collide::v1::EchoServer_::new(Everything);
    let shared = proto::collide::v1::EchoServer_::from_arc(std::sync::Arc::new(Everything));
    let both = [shared.clone(), shared];
    assert!(both.iter().all(|other| other.descriptor().name == server.descriptor().name));
    assert_eq!(format!("{server:?}"), "EchoServer_ { .. }");
    assert!(proto::collide::v1::EmptyServer::new(Everything).descriptor().methods.is_empty());
}

#[test]
fn the_contracts_themselves_are_a_constant() {
    let set = proto::FILE_DESCRIPTOR_SET;
    let holds = |part: &str| set.windows(part.len()).any(|bytes| bytes == part.as_bytes());
    assert!(holds("\nusers.proto") || holds("\x0busers.proto"), "a file that was named");
    assert!(holds("google/protobuf/timestamp.proto"), "an import");
    assert!(!holds("in all four kinds of call"), "no comments");
}
