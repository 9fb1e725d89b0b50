//! Every compression that is built in, in both directions, and what becomes of those that are not.

use farcall::client::InvalidChannel;
use farcall::{Call, Channel, Code, Encoding, Inbound, Outbound, Router, Status};

use crate::probe::{Plain, Probe, ProbeClient, ProbeServer, over};

/// Answers as it was asked, and says how that was.
struct Mirror;
impl Probe for Mirror {
    async fn unary(&self, call: &Call, request: String) -> Result<String, Status> {
        let encoding = call.head().encoding;
        assert!(call.accepts(encoding) || encoding == Encoding::Identity, "what a client sends, it understands");
        assert!(call.set_compression(encoding));
        Ok(format!("{encoding} {} {request}", call.request_compressed()))
    }

    async fn chat(
        &self,
        call: &Call,
        mut requests: Inbound<String>,
        mut replies: Outbound<String>,
    ) -> Result<(), Status> {
        call.set_compression(call.head().encoding);
        while let Some(request) = requests.next().await? {
            replies.compress(requests.compressed());
            replies.send(request).await?;
        }
        Ok(())
    }
}

/// What a channel of this build can send, identity among it.
fn built_in() -> Vec<Encoding> {
    let can = |encoding: &Encoding| Channel::builder("test").compress(*encoding).build().is_ok();
    Encoding::ALL.into_iter().filter(can).collect()
}

#[tokio::test]
async fn each_compression_goes_both_ways_by_call_and_by_channel() {
    let text = "squeeze me ".repeat(500);
    for encoding in built_in() {
        let compressed = encoding != Encoding::Identity;
        let wanted = format!("{encoding} {compressed} {text}");
        let reply = over(Mirror).unary(text.clone()).compress(encoding).reply().await.unwrap();
        assert_eq!((reply.message, reply.compressed), (wanted.clone(), compressed));
        let router = Router::new().service(ProbeServer::new(Mirror));
        let channel = ProbeClient(Channel::builder("test").compress(encoding).build_over(router).unwrap());
        assert_eq!(channel.unary(text.clone()).await.unwrap(), wanted);
        let plain = channel.unary(text.clone()).compress(Encoding::Identity).await.unwrap();
        assert_eq!(plain, format!("identity false {text}"), "a call's own wish goes before the channel's");
    }
}

#[tokio::test]
async fn in_a_stream_each_message_is_compressed_for_itself_or_not() {
    let text = "squeeze me ".repeat(500);
    for encoding in built_in() {
        let (mut send, mut receive) = over(Mirror).chat().compress(encoding).await.unwrap().split();
        for on in [true, false, true] {
            send.compress(on);
            send.send(text.clone()).await.unwrap();
            assert_eq!(receive.next().await.unwrap().as_ref(), Some(&text));
            assert_eq!(receive.compressed(), on && encoding != Encoding::Identity, "{encoding}");
        }
        send.finish().await.unwrap();
        assert_eq!(receive.next().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_compression_that_is_not_built_in_is_refused_where_it_is_asked_for() {
    let built_in = built_in();
    for encoding in Encoding::ALL.into_iter().filter(|encoding| !built_in.contains(encoding)) {
        let refused = Channel::builder("test").compress(encoding).build().unwrap_err();
        assert_eq!(refused, InvalidChannel::Encoding(encoding));
        assert!(refused.to_string().contains(&format!("feature `{encoding}`")), "{refused}");
        let status = over(Plain).unary("x").compress(encoding).await.unwrap_err();
        assert!(status.code() == Code::Internal && status.message().contains(encoding.name()), "{status}");
    }
}
