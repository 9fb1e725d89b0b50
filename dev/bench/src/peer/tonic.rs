//! tonic 0.14 with prost and its defaults, `TCP_NODELAY` on.

use std::net::SocketAddr;
use std::pin::Pin;

use futures_util::{Stream, stream};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};

use super::{ANYWHERE, Client, Manner};
use crate::proto::tonic::bench_client::BenchClient;
use crate::proto::tonic::bench_server::{Bench, BenchServer};
use crate::proto::tonic::{Chunk, DownloadRequest, GetRequest, User};
use crate::{Failure, sample};

/// Serves until the process ends.
///
/// # Errors
/// When it cannot listen, or ends.
pub async fn serve(manner: Manner, announce: impl FnOnce(SocketAddr)) -> Result<(), Failure> {
    let incoming = TcpIncoming::bind(ANYWHERE)?.with_nodelay(Some(true));
    announce(incoming.local_addr()?);
    let server = Server::builder().add_service(BenchServer::new(Answers(manner)));
    Ok(server.serve_with_incoming(incoming).await?)
}

struct Answers(Manner);

#[tonic::async_trait]
impl Bench for Answers {
    async fn get(&self, request: Request<GetRequest>) -> Result<Response<User>, Status> {
        self.0.observe().await;
        Ok(Response::new(User {
            number: sample::number(&request.get_ref().id),
            name: sample::NAME.to_owned(),
            email: sample::EMAIL.to_owned(),
            created_at_unix: sample::CREATED,
            seen_at_unix: sample::SEEN,
            active: true,
        }))
    }

    type DownloadStream = Pin<Box<dyn Stream<Item = Result<Chunk, Status>> + Send>>;

    async fn download(&self, request: Request<DownloadRequest>) -> Result<Response<Self::DownloadStream>, Status> {
        let DownloadRequest { chunks, size } = request.into_inner();
        let data = sample::chunk(size);
        // The cheapest stream there is: no channel, always ready.
        Ok(Response::new(Box::pin(stream::iter((0..chunks).map(move |_| Ok(Chunk { data: data.clone() }))))))
    }
}

impl Client for BenchClient<Channel> {
    async fn connect(address: SocketAddr) -> Result<Self, Failure> {
        Ok(Self::connect(format!("http://{address}")).await?)
    }

    async fn get(&mut self) -> Result<(), Failure> {
        let reply = BenchClient::get(self, GetRequest { id: sample::ID.to_owned() }).await?;
        let user = reply.get_ref();
        sample::check(user.number, &user.name, &user.email)
    }

    async fn download(&mut self, chunks: u32, size: u32) -> Result<usize, Failure> {
        let mut replies = BenchClient::download(self, DownloadRequest { chunks, size }).await?.into_inner();
        let mut bytes = 0;
        while let Some(chunk) = replies.message().await? {
            bytes += chunk.data.len();
        }
        Ok(bytes)
    }
}
