//! A tour of the service as its client sees it, one stop for each thing a gRPC call can do.

use std::time::Duration;

use farcall::{Channel, Code, Reply, Status};
use farcall_protobuf::errors::{BadRequest, ResourceInfo, RichStatus};

use crate::proto::users::v1::{ChatMessage, CreateUserRequest, GetUserRequest, ListUsersRequest, UserServiceClient};

/// Makes the tour; prints what is called and what comes back.
pub(crate) async fn run(target: &str) -> Result<(), Box<dyn std::error::Error>> {
    // Connects at the first call, is cheap to clone, and is used through `&self` by as many tasks as you like.
    let users = UserServiceClient::new(Channel::new(target)?);
    unary(&users).await?;
    server_streaming(&users).await?;
    client_streaming(&users).await?;
    bidirectional(&users).await?;
    deadline(&users).await?;
    cancellation(&users).await?;
    not_found(&users).await?;
    metadata(&users).await?;
    compression(&users).await?;
    println!("That was the tour.\n");
    Ok(())
}

async fn unary(users: &UserServiceClient) -> Result<(), Status> {
    stop(1, "Unary: one request, one reply");
    let user = users.get_user(get("1")).await?;
    println!("  get_user(\"1\") -> {} <{}>, roles {:?}", user.name, user.email, user.roles);
    Ok(())
}

async fn server_streaming(users: &UserServiceClient) -> Result<(), Status> {
    stop(2, "Server streaming: one request, many replies");
    let mut admins = users.list_users(ListUsersRequest { role: "admin".into(), ..Default::default() }).await?;
    while let Some(user) = admins.next().await? {
        println!("  list_users(role: \"admin\") -> {}", user.name);
    }
    Ok(())
}

async fn client_streaming(users: &UserServiceClient) -> Result<(), Status> {
    stop(3, "Client streaming: many requests, one reply");
    let mut upload = users.create_users().await?;
    for name in ["Barbara", "Donald"] {
        upload.send(CreateUserRequest { name: name.into(), ..Default::default() }).await?;
        println!("  create_users <- {name}");
    }
    let created = upload.finish().await?;
    println!("  create_users -> ids {:?}", created.user_ids);
    Ok(())
}

async fn bidirectional(users: &UserServiceClient) -> Result<(), Status> {
    stop(4, "Bidirectional: both sides send when they like");
    let mut chat = users.chat().await?;
    for text in ["hello", "and goodbye"] {
        chat.send(say(text)).await?;
        if let Some(reply) = chat.next().await? {
            println!("  chat <- {text:?}, -> {:?}", reply.text);
        }
    }
    let mut rest = chat.finish().await?;
    println!("  finished our half; the server then ends its own: {:?}", rest.next().await?.map(|reply| reply.text));
    Ok(())
}

async fn deadline(users: &UserServiceClient) -> Result<(), Status> {
    stop(5, "Deadline: a slow answer is not waited for, on either side");
    let slow = users.get_user(get("1")).metadata("x-delay-ms", "5000").timeout(Duration::from_millis(50));
    expect(slow.await.err(), Code::DeadlineExceeded).map(drop)
}

async fn cancellation(users: &UserServiceClient) -> Result<(), Status> {
    stop(6, "Cancellation: a stream that is dropped half-way ends at the server too");
    let mut chat = users.chat().await?;
    chat.send(say("one")).await?;
    let first = chat.next().await?;
    println!("  chat -> {:?}, and now it is dropped", first.map(|reply| reply.text));
    drop(chat);
    // The next call travels behind the cancellation, so that the server has heard of it when this one is answered.
    users.get_user(get("1")).await?;
    Ok(())
}

async fn not_found(users: &UserServiceClient) -> Result<(), Status> {
    stop(7, "Status: a failure says which one it is, and why: to people, and in types to programs");
    let failure = expect(users.get_user(get("4711")).await.err(), Code::NotFound)?;
    if let Some(resource) = failure.detail::<ResourceInfo>()? {
        println!(
            "     ResourceInfo: {} {:?}: {}",
            resource.resource_type, resource.resource_name, resource.description
        );
    }
    let mut upload = users.create_users().await?;
    upload.send(CreateUserRequest::default()).await?;
    let failure = expect(upload.finish().await.err(), Code::InvalidArgument)?;
    for violation in failure.detail::<BadRequest>()?.unwrap_or_default().field_violations {
        println!("     BadRequest: {} {}", violation.field, violation.description);
    }
    Ok(())
}

async fn metadata(users: &UserServiceClient) -> Result<(), Status> {
    stop(8, "Metadata: beside the messages, both ways");
    let call = users.get_user(get("2")).metadata("x-request-id", "tour-8");
    let Reply { message, headers, trailers, .. } = call.reply().await?;
    println!("  get_user(\"2\") with x-request-id: tour-8 -> {}", message.name);
    println!("  header  x-request-id: {:?}", headers.get("x-request-id"));
    println!("  trailer x-served-by:  {:?}", trailers.get("x-served-by"));
    Ok(())
}

async fn compression(users: &UserServiceClient) -> Result<(), Status> {
    stop(9, "Compression: gzip, per call, both ways");
    let (mut send, mut receive) = users.chat().gzip().await?.split();
    let text = "far ".repeat(2_500);
    send.send(say(&text)).await?;
    send.finish().await?;
    if let Some(reply) = receive.next().await? {
        let how = if receive.compressed() { "compressed" } else { "as it is" };
        println!("  chat <- {} bytes of text, compressed; -> {} bytes, {how}", text.len(), reply.text.len());
    }
    Ok(())
}

/// Prints the failure that the tour wants to show; anything else is a failure of the tour.
fn expect(failure: Option<Status>, code: Code) -> Result<Status, Status> {
    match failure {
        Some(status) if status.code() == code => {
            println!("  -> {status}");
            Ok(status)
        }
        Some(status) => Err(status),
        None => Err(Status::internal(format!("a call succeeded that should have ended with {code}"))),
    }
}

fn stop(number: u32, title: &str) {
    println!("{}{number}. {title}", if number == 1 { "" } else { "\n" });
}

fn get(user_id: &str) -> GetUserRequest {
    GetUserRequest { user_id: user_id.into(), ..Default::default() }
}

fn say(text: &str) -> ChatMessage {
    ChatMessage { user_id: "1".into(), text: text.into(), ..Default::default() }
}
