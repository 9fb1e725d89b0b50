//! connectrpc 0.9 with buffa and its defaults, spoken to in gRPC. Requests are borrowed views, as its guide has them.

use std::net::SocketAddr;
use std::sync::Arc;

use connectrpc::client::{ClientConfig, Http2Connection, SharedHttp2Connection};
use connectrpc::{Encodable, Protocol, RequestContext, Response, Router, Server};
use connectrpc::{ServiceRequest, ServiceResult, ServiceStream};
use futures_util::stream;

use super::{ANYWHERE, Client, Manner};
use crate::proto::connectrpc::bench::v1::{Bench, BenchClient, BenchExt, Chunk, DownloadRequest, GetRequest, User};
use crate::{Failure, sample};

/// Serves until the process ends.
///
/// # Errors
/// When it cannot listen, or ends.
pub async fn serve(manner: Manner, announce: impl FnOnce(SocketAddr)) -> Result<(), Failure> {
    let bound = Server::bind(ANYWHERE).await?;
    announce(bound.local_addr()?);
    bound.serve(Arc::new(Answers(manner)).register(Router::new())).await
}

struct Answers(Manner);

impl Bench for Answers {
    async fn get<'a>(
        &'a self,
        _context: RequestContext,
        request: ServiceRequest<'_, GetRequest>,
    ) -> ServiceResult<impl Encodable<User> + Send + use<'a>> {
        self.0.observe().await;
        Response::ok(User {
            number: sample::number(request.id),
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
        _context: RequestContext,
        request: ServiceRequest<'_, DownloadRequest>,
    ) -> ServiceResult<ServiceStream<impl Encodable<Chunk> + Send + use<>>> {
        let data = sample::chunk(request.size);
        let chunk = move |_| Ok(Chunk { data: data.clone(), ..Default::default() });
        Response::stream_ok(stream::iter((0..request.chunks).map(chunk)))
    }
}

/// Its client over one shared connection.
pub type Connect = BenchClient<SharedHttp2Connection>;

impl Client for Connect {
    async fn connect(address: SocketAddr) -> Result<Self, Failure> {
        let uri: tonic::codegen::http::Uri = format!("http://{address}").parse()?;
        let connection = Http2Connection::connect_plaintext(uri.clone()).await?.shared(BUFFER);
        Ok(Self::new(connection, ClientConfig::new(uri).with_protocol(Protocol::Grpc)))
    }

    async fn get(&mut self) -> Result<(), Failure> {
        let reply = BenchClient::get(self, GetRequest { id: sample::ID.to_owned(), ..Default::default() }).await?;
        // An owned message, as the other clients have it.
        let user = reply.into_owned();
        sample::check(user.number, &user.name, &user.email)
    }

    async fn download(&mut self, chunks: u32, size: u32) -> Result<usize, Failure> {
        let request = DownloadRequest { chunks, size, ..Default::default() };
        let mut replies = BenchClient::download(self, request).await?;
        let mut bytes = 0;
        while let Some(chunk) = replies.message().await? {
            bytes += chunk.view().data.len();
        }
        Ok(bytes)
    }
}

/// Requests that may wait for the connection: what its documentation calls a reasonable default.
const BUFFER: usize = 1024;
