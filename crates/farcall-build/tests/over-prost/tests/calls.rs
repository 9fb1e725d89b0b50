//! Calls with messages of prost: a contract of the project, and types that prost has no message for.

use farcall::{Call, Channel, Inbound, Outbound, Router, Status};
use farcall_protobuf::prost_types::{Any, Timestamp};
use over_prost::proto::users::v1::{
    ChatMessage, CreateUserRequest, CreateUsersResponse, GetUserRequest, ListUsersRequest, User, UserService,
    UserServiceClient, UserServiceServer,
};
use over_prost::proto::wkt::v1::{Wkt, WktClient, WktServer};

struct Service;

impl UserService for Service {
    async fn get_user(&self, _: &Call, request: GetUserRequest) -> Result<User, Status> {
        Ok(user(&request.user_id))
    }

    async fn list_users(&self, _: &Call, request: ListUsersRequest, mut replies: Outbound<User>) -> Result<(), Status> {
        for number in 0..request.page_size {
            replies.send(user(&number.to_string())).await?;
        }
        Ok(())
    }

    async fn create_users(
        &self,
        _: &Call,
        mut requests: Inbound<CreateUserRequest>,
    ) -> Result<CreateUsersResponse, Status> {
        let mut response = CreateUsersResponse::default();
        while let Some(request) = requests.next().await? {
            response.user_ids.push(request.name);
        }
        Ok(response)
    }

    async fn chat(
        &self,
        _: &Call,
        mut requests: Inbound<ChatMessage>,
        mut replies: Outbound<ChatMessage>,
    ) -> Result<(), Status> {
        while let Some(request) = requests.next().await? {
            replies.send(request).await?;
        }
        Ok(())
    }
}

impl Wkt for Service {
    async fn ping(&self, _: &Call, _request: ()) -> Result<Timestamp, Status> {
        Ok(Timestamp { seconds: 7, nanos: 0 })
    }

    async fn watch(&self, _: &Call, request: String, mut replies: Outbound<Any>) -> Result<(), Status> {
        replies.send(Any { type_url: request, value: Vec::new() }).await
    }
}

fn user(id: &str) -> User {
    User { id: id.into(), nickname: Some(String::new()), ..User::default() }
}

fn channel() -> Channel {
    Channel::over(Router::new().service(UserServiceServer::new(Service)).service(WktServer::new(Service)))
}

#[tokio::test]
async fn all_four_kinds_of_call_go_well() -> Result<(), Status> {
    let users = UserServiceClient::new(channel());
    assert_eq!(users.get_user(GetUserRequest { user_id: "7".into() }).await?, user("7"));

    let mut list = users.list_users(ListUsersRequest { page_size: 1, ..ListUsersRequest::default() }).await?;
    assert_eq!((list.next().await?, list.next().await?), (Some(user("0")), None));

    let mut upload = users.create_users().await?;
    upload.send(CreateUserRequest { name: "a".into(), ..CreateUserRequest::default() }).await?;
    assert_eq!(upload.finish().await?.user_ids, ["a"]);

    let mut chat = users.chat().await?;
    let message = ChatMessage { text: "b".into(), ..ChatMessage::default() };
    chat.send(message.clone()).await?;
    assert_eq!(chat.finish().await?.next().await?, Some(message));
    Ok(())
}

#[tokio::test]
async fn the_types_that_prost_has_in_place_of_wrappers_are_sent_like_messages() -> Result<(), Status> {
    let wkt = WktClient::new(channel());
    assert_eq!(wkt.ping(()).await?.seconds, 7);
    let mut any = wkt.watch("a/b".to_owned()).await?;
    assert_eq!(any.next().await?.map(|any| any.type_url), Some("a/b".to_owned()));
    Ok(())
}

#[test]
fn a_contract_for_which_prost_has_no_rust_is_an_error_with_a_reason() {
    let told = over_prost::REFUSAL;
    assert!(told.starts_with("prost cannot write this contract: Generated enum variant names overlap"), "{told}");
    assert!(told.contains("help: rename what is named above, or leave out Runtime::Prost"), "{told}");
}
