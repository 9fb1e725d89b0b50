//! Generated clients and servers in calls of all four kinds, over memory.

use contracts::proto::users::v1::{
    ChatMessage, CreateUserRequest, CreateUsersResponse, GetUserRequest, ListUsersRequest, User, UserService,
    UserServiceClient, UserServiceServer,
};
use farcall::{Call, Channel, Code, Inbound, Outbound, Router, Status};

struct Users;

impl UserService for Users {
    async fn get_user(&self, _: &Call, request: GetUserRequest) -> Result<User, Status> {
        match request.user_id.as_str() {
            "none" => Err(Status::not_found("no user `none`")),
            _ => Ok(user(&request.user_id)),
        }
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
            replies.send(ChatMessage { text: request.text.to_uppercase(), ..request }).await?;
        }
        Ok(())
    }
}

fn user(id: &str) -> User {
    User { id: id.into(), ..Default::default() }
}

fn client() -> UserServiceClient {
    UserServiceClient::new(Channel::over(Router::new().service(UserServiceServer::new(Users))))
}

#[tokio::test]
async fn a_unary_call_returns_the_message_or_the_status() -> Result<(), Status> {
    let users = client();
    assert_eq!(users.get_user(GetUserRequest { user_id: "7".into(), ..Default::default() }).await?, user("7"));
    let refused = users.get_user(GetUserRequest { user_id: "none".into(), ..Default::default() }).await;
    assert_eq!(refused.map_err(|status| status.code()), Err(Code::NotFound));
    Ok(())
}

#[tokio::test]
async fn a_server_streams() -> Result<(), Status> {
    let mut list = client().list_users(ListUsersRequest { page_size: 3, ..Default::default() }).await?;
    let mut ids = Vec::new();
    while let Some(user) = list.next().await? {
        ids.push(user.id);
    }
    assert_eq!(ids, ["0", "1", "2"]);
    Ok(())
}

#[tokio::test]
async fn a_client_streams() -> Result<(), Status> {
    let mut upload = client().create_users().await?;
    for name in ["a", "b"] {
        upload.send(CreateUserRequest { name: name.into(), ..Default::default() }).await?;
    }
    assert_eq!(upload.finish().await?.user_ids, ["a", "b"]);
    Ok(())
}

#[tokio::test]
async fn both_stream() -> Result<(), Status> {
    let (mut send, mut receive) = client().chat().await?.split();
    for text in ["one", "two"] {
        send.send(ChatMessage { text: text.into(), ..Default::default() }).await?;
        assert_eq!(receive.next().await?.map(|reply| reply.text), Some(text.to_uppercase()));
    }
    send.finish().await?;
    assert_eq!(receive.next().await?, None);
    Ok(())
}
