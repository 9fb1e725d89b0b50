//! The attacked server: a process of its own, so that its memory and its CPU time are measured from outside.

use std::future::{pending, poll_fn};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use farcall::server::{Handling, Io, ServerBuilder, Service};
use farcall::{Call, Inbound, Outbound, Server, Status};
use tokio::io::AsyncReadExt;

use crate::contract::{CHAT, COUNTS, DESCRIPTOR, DOWNLOAD, ECHO, HOLD, PROBE, SIZE, UPLOAD, WAIT};
use crate::failure::Failure;

/// Serves until the standard input ends, then shuts down in order.
pub(crate) fn serve(hasty: bool) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(async {
        let counts = Arc::new(Counts::default());
        let paths = Arc::clone(&counts);
        let server = Server::builder().service(Target(counts)).fallback(move |_, _, _| {
            paths.fallback.fetch_add(1, Ordering::Relaxed);
            async { Ok(()) }
        });
        let bound = if hasty { in_haste(server) } else { server }.bind("127.0.0.1:0").await?;
        println!("{}", bound.local_addr());
        std::io::stdout().flush()?;
        let stop = async {
            // Whatever comes: the end of it is what counts.
            let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
        };
        Ok(bound.serve_with_shutdown(stop).await?)
    })
}

/// Every time that a peer is given, shortened: an attack that waits for its end should not take 20 s.
fn in_haste(server: ServerBuilder) -> ServerBuilder {
    server
        .handshake_timeout(HASTE)
        .settings_timeout(HASTE)
        .control_timeout(HASTE)
        .send_stall_timeout(HASTE)
        .drain_timeout(HASTE)
}

/// What is shortened, is this long.
const HASTE: Duration = Duration::from_secs(2);

/// What handlers were begun.
#[derive(Debug, Default)]
struct Counts {
    started: AtomicU64,
    running: AtomicU64,
    most: AtomicU64,
    fallback: AtomicU64,
}

impl Counts {
    fn text(&self) -> String {
        let value = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Self { started, running, most, fallback } = self;
        format!("{} {} {} {}", value(started), value(running), value(most), value(fallback))
    }
}

/// A handler that lives.
struct Life(Arc<Counts>);

impl Life {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.started.fetch_add(1, Ordering::Relaxed);
        let running = counts.running.fetch_add(1, Ordering::Relaxed) + 1;
        counts.most.fetch_max(running, Ordering::Relaxed);
        Self(Arc::clone(counts))
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Target(Arc<Counts>);

impl Service for Target {
    fn descriptor(&self) -> &'static farcall::codec::ServiceDescriptor {
        &DESCRIPTOR
    }

    fn start(&self, method: usize, call: Call, io: Io) -> Handling {
        match DESCRIPTOR.methods.get(method).map(|method| method.name) {
            Some("Echo") => {
                let request = io.request(&ECHO);
                Handling::unary(&ECHO, request)
            }
            Some("Size") => {
                let request = io.request(&SIZE);
                Handling::unary(&SIZE, async move { Ok(Bytes::from(vec![7; number(&request.await?)?])) })
            }
            Some("Wait") => {
                let life = Life::new(&self.0);
                Handling::unary(&WAIT, async move {
                    let _life = life;
                    pending().await
                })
            }
            Some("Probe") => {
                let found = call.metadata().get("x-probe").map(|value| Bytes::copy_from_slice(value.as_bytes()));
                Handling::unary(&PROBE, async move { found.ok_or(Status::not_found("no x-probe")) })
            }
            Some("Counts") => {
                let text = self.0.text();
                Handling::unary(&COUNTS, async move { Ok(Bytes::from(text)) })
            }
            Some("Download") => {
                let (_, replies) = io.server_streaming(&DOWNLOAD, &call);
                Handling::streaming(download(replies, Life::new(&self.0)))
            }
            Some("Upload") => Handling::unary(&UPLOAD, upload(io.inbound(&UPLOAD, &call), Life::new(&self.0))),
            Some("Chat") => {
                let (requests, replies) = io.bidi(&CHAT, &call);
                Handling::streaming(chat(requests, replies, Life::new(&self.0)))
            }
            Some("Hold") => {
                let (requests, life) = (io.inbound(&HOLD, &call), Life::new(&self.0));
                Handling::unary(&HOLD, async move {
                    let _kept = (requests, life);
                    pending().await
                })
            }
            _ => Handling::unimplemented(call),
        }
    }
}

async fn download(mut replies: Outbound<Bytes>, _life: Life) -> Result<(), Status> {
    loop {
        replies.send(Bytes::from(vec![7; 16 << 10])).await?;
    }
}

async fn upload(mut requests: Inbound<Bytes>, _life: Life) -> Result<Bytes, Status> {
    let (mut messages, mut bytes) = (0_u64, 0_u64);
    while let Some(message) = requests.next().await? {
        messages += 1;
        bytes += message.len() as u64;
    }
    Ok(Bytes::from(format!("{messages} {bytes}")))
}

/// Ends with the last request. Polls both halves whenever one of them has moved, as `select!` would.
async fn chat(mut requests: Inbound<Bytes>, mut replies: Outbound<Bytes>, _life: Life) -> Result<(), Status> {
    let reply = Bytes::from_static(b"and another thing");
    poll_fn(|cx| {
        loop {
            let sent = replies.poll_send(cx, &reply)?.is_ready();
            match requests.poll_next(cx)? {
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Ready(Some(_)) => {}
                Poll::Pending if sent => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}

fn number(request: &[u8]) -> Result<usize, Status> {
    let text = std::str::from_utf8(request).ok().and_then(|text| text.parse().ok());
    text.ok_or_else(|| Status::internal("the request is a number of bytes in decimal"))
}
