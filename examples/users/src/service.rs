//! The service: users in a `Vec`, behind a lock that is never held across an await.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use farcall::{Call, Encoding, Inbound, Outbound, Status};
use farcall_protobuf::errors::{BadRequest, ResourceInfo, RichStatus};

use crate::proto::users::v1::{
    ChatMessage, CreateUserRequest, CreateUsersResponse, GetUserRequest, ListUsersRequest, User, UserService,
};

/// Users in memory, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Users {
    users: Mutex<Vec<User>>,
}

impl Users {
    /// Three users to begin with.
    pub(crate) fn with_examples() -> Self {
        let users = Self::default();
        for (name, role) in [("Ada", "admin"), ("Grace", "admin"), ("Linus", "guest")] {
            let email = format!("{}@example.com", name.to_lowercase());
            users.add(CreateUserRequest { name: name.into(), email, roles: vec![role.into()], ..Default::default() });
        }
        users
    }

    fn add(&self, request: CreateUserRequest) -> String {
        let mut users = self.lock();
        let id = (users.len() + 1).to_string();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        users.push(User {
            id: id.clone(),
            name: request.name,
            email: request.email,
            roles: request.roles,
            created_at_unix: i64::try_from(now).unwrap_or(i64::MAX),
            ..Default::default()
        });
        id
    }

    fn lock(&self) -> MutexGuard<'_, Vec<User>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UserService for Users {
    async fn get_user(&self, call: &Call, request: GetUserRequest) -> Result<User, Status> {
        // Metadata both ways: what the caller names as its request comes back before and after the reply.
        if let Some(id) = call.metadata().get("x-request-id") {
            call.set_header("x-request-id", id)?;
            call.set_trailer("x-served-by", "farcall")?;
        }
        // For the tour: a caller may ask for a slow answer. When its deadline passes, this future is dropped here.
        if let Some(delay) = call.metadata().get("x-delay-ms").and_then(|delay| delay.parse().ok()) {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        let user = self.lock().iter().find(|user| user.id == request.user_id).cloned();
        // A detail says the same to programs: every gRPC library can read it, in whatever language.
        user.ok_or_else(|| {
            Status::not_found(format!("there is no user with the id {:?}", request.user_id)).with_detail(
                ResourceInfo::new("users.v1.User", request.user_id, "ListUsers has the ids that there are"),
            )
        })
    }

    async fn list_users(
        &self,
        _call: &Call,
        request: ListUsersRequest,
        mut users: Outbound<User>,
    ) -> Result<(), Status> {
        let is_asked_for = |user: &&User| request.role.is_empty() || user.roles.contains(&request.role);
        let limit = usize::try_from(request.page_size).ok().filter(|&size| size > 0).unwrap_or(usize::MAX);
        let found: Vec<User> = self.lock().iter().filter(is_asked_for).take(limit).cloned().collect();
        for user in found {
            users.send(user).await?; // waits while the caller does not read: that is the back-pressure
        }
        Ok(())
    }

    async fn create_users(
        &self,
        _call: &Call,
        mut requests: Inbound<CreateUserRequest>,
    ) -> Result<CreateUsersResponse, Status> {
        let mut user_ids = Vec::new();
        while let Some(request) = requests.next().await? {
            if request.name.is_empty() {
                let field = format!("requests[{}].name", user_ids.len());
                return Err(Status::invalid_argument(format!("user {} has no name", user_ids.len() + 1))
                    .with_detail(BadRequest::field(field, "must not be empty")));
            }
            user_ids.push(self.add(request));
        }
        Ok(CreateUsersResponse { user_ids, ..Default::default() })
    }

    async fn chat(
        &self,
        call: &Call,
        mut requests: Inbound<ChatMessage>,
        mut replies: Outbound<ChatMessage>,
    ) -> Result<(), Status> {
        call.set_compression(Encoding::Gzip); // only if the caller says that it understands it
        let mut chat = Chat { answered: 0, finished: false };
        while let Some(message) = requests.next().await? {
            let text = format!("you said: {}", message.text);
            replies.send(ChatMessage { user_id: "server".into(), text, ..Default::default() }).await?;
            chat.answered += 1;
        }
        chat.finished = true;
        Ok(())
    }
}

/// A handler is dropped where it waits when its call is cancelled; what must be tidied up belongs into a `Drop`.
struct Chat {
    answered: usize,
    finished: bool,
}

impl Drop for Chat {
    fn drop(&mut self) {
        if !self.finished {
            println!("  (server) the chat was cancelled; messages answered until then: {}", self.answered);
        }
    }
}
