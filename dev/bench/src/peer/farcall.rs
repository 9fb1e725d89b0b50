//! farcall with its defaults.

use std::net::SocketAddr;
use std::time::Duration;

use farcall::{Call, Channel, Outbound, Server, Status};

use super::{ANYWHERE, Client, Manner};
use crate::proto::farcall::bench::v1::{Bench, BenchClient, BenchServer, Chunk, DownloadRequest, GetRequest, User};
use crate::{Failure, sample};

/// Serves until the process ends.
///
/// # Errors
/// When it cannot listen, or ends.
pub async fn serve(manner: Manner, announce: impl FnOnce(SocketAddr)) -> Result<(), Failure> {
    let mut server = Server::builder().service(BenchServer::new(Answers(manner)));
    if manner.counted {
        // Its clock would take every handler for a slow one.
        server = server.first_poll_budget(Duration::from_secs(1));
    }
    let bound = server.bind(ANYWHERE).await?;
    announce(bound.local_addr());
    Ok(bound.serve().await?)
}

struct Answers(Manner);

impl Bench for Answers {
    async fn get(&self, _call: &Call, request: GetRequest) -> Result<User, Status> {
        self.0.observe().await;
        Ok(User {
            number: sample::number(&request.id),
            name: sample::NAME.to_owned(),
            email: sample::EMAIL.to_owned(),
            created_at_unix: sample::CREATED,
            seen_at_unix: sample::SEEN,
            active: true,
            ..Default::default()
        })
    }

    async fn download(
        &self,
        _call: &Call,
        request: DownloadRequest,
        mut chunks: Outbound<Chunk>,
    ) -> Result<(), Status> {
        let data = sample::chunk(request.size);
        for _ in 0..request.chunks {
            chunks.send(Chunk { data: data.clone(), ..Default::default() }).await?;
        }
        Ok(())
    }
}

impl Client for BenchClient {
    async fn connect(address: SocketAddr) -> Result<Self, Failure> {
        Ok(Self::new(Channel::new(&format!("http://{address}"))?))
    }

    async fn get(&mut self) -> Result<(), Failure> {
        let request = GetRequest { id: sample::ID.to_owned(), ..Default::default() };
        let user = BenchClient::get(self, request).await?;
        sample::check(user.number, &user.name, &user.email)
    }

    async fn download(&mut self, chunks: u32, size: u32) -> Result<usize, Failure> {
        let mut replies = BenchClient::download(self, DownloadRequest { chunks, size, ..Default::default() }).await?;
        let mut bytes = 0;
        while let Some(chunk) = replies.next().await? {
            bytes += chunk.data.len();
        }
        Ok(bytes)
    }
}
