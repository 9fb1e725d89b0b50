//! Calls with one reply.

use std::collections::HashMap;

use farcall::client::{Reply, ServerStreamingCall, UnaryCall};
use farcall::{Code, Metadata, Status};
use farcall_wire::grpc::{Config, Encoding, Event, ReplyEnd};

use crate::line::{channel, channel_with, is_ready};
use crate::text::{ASK, CHAT, GATHER, LIST};

fn is_a_future_for_everybody<F: Future + Unpin + Send + 'static>(_: &F) {}

#[tokio::test]
async fn a_call_is_a_future_that_can_be_sent_and_needs_no_pin() {
    let (channel, _exchange) = channel();
    is_a_future_for_everybody::<UnaryCall<String>>(&channel.unary(&ASK, String::new()));
    is_a_future_for_everybody(&channel.unary(&ASK, String::new()).reply());
    is_a_future_for_everybody::<ServerStreamingCall<String>>(&channel.server_streaming(&LIST, String::new()));
    is_a_future_for_everybody(&channel.client_streaming(&GATHER));
    is_a_future_for_everybody(&channel.bidi(&CHAT));
}

#[tokio::test(start_paused = true)]
async fn a_unary_call_gets_its_reply_with_the_metadata_around_it() {
    let (channel, mut exchange) = channel();
    let call = channel.unary(&ASK, "who?".into()).metadata("x-request-id", "7").metadata_bin("key-bin", [0, 255]);
    let call = tokio::spawn(call.reply());
    let mut line = exchange.accept().await;
    let (id, head, message) = line.asked().await;
    assert_eq!((head.path.as_str(), message.as_str()), ("/test.Text/Ask", "who?"));
    assert_eq!(head.metadata.get("x-request-id"), Some("7"));
    assert_eq!(head.metadata.get_bytes("key-bin"), Some(&[0, 255][..]));
    assert_eq!((head.authority.as_str(), head.secure, head.timeout), ("line:1", false, None));
    let (mut headers, mut trailers) = (Metadata::new(), Metadata::new());
    headers.append("x-header", "h").unwrap();
    trailers.append("x-trailer", "t").unwrap();
    line.answer_with(id, &["me"], headers, ReplyEnd { status: Ok(()), trailers });
    let Reply { message, headers, trailers, .. } = line.run_until(call).await.unwrap().unwrap();
    assert_eq!(message, "me");
    assert_eq!((headers.get("x-header"), trailers.get("x-trailer")), (Some("h"), Some("t")));
}

#[tokio::test]
async fn the_user_agent_and_the_authority_can_be_set() {
    let (channel, mut exchange) = channel_with(|builder| builder.user_agent("shop/2.1").authority("shop.example:443"));
    let call = tokio::spawn(channel.unary(&ASK, "a".into()));
    let mut line = exchange.accept().await;
    let (id, head, _) = line.asked().await;
    assert!(head.user_agent.starts_with("shop/2.1 grpc-rust-farcall/"), "{}", head.user_agent);
    assert_eq!(head.authority, "shop.example:443");
    line.answer(id, &["b"]);
    assert_eq!(line.run_until(call).await.unwrap().unwrap(), "b");
}

#[tokio::test]
async fn the_servers_status_is_the_calls_error_and_its_metadata_too() {
    let (channel, mut exchange) = channel();
    let call = tokio::spawn(channel.unary(&ASK, "a".into()));
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.refuse(id, Status::not_found("no such answer").with_details(&b"details"[..]));
    let status = line.run_until(call).await.unwrap().unwrap_err();
    assert_eq!(
        (status.code(), status.message(), status.details()),
        (Code::NotFound, "no such answer", &b"details"[..])
    );
}

#[tokio::test]
async fn what_cannot_be_sent_surfaces_at_the_await_and_nothing_is_connected() {
    let (channel, exchange) = channel();
    let status = channel.unary(&ASK, "a".into()).metadata("Upper", "x").await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("`Upper`") && status.message().contains("`upper`"), "{status}");
    let status = channel.unary(&ASK, "unencodable".into()).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("this text cannot be encoded"), "{status}");
    let status = channel.bidi(&CHAT).metadata_bin("text", [1]).await.unwrap_err();
    assert!(status.message().contains("text"), "{status}");
    tokio::task::yield_now().await;
    assert!(!exchange.is_ringing());
}

#[tokio::test]
async fn an_ok_without_a_message_is_unimplemented() {
    let (channel, mut exchange) = channel();
    let call = tokio::spawn(channel.unary(&ASK, "a".into()));
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.answer(id, &[]);
    let status = line.run_until(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains("/test.Text/Ask") && status.message().contains("without a message"), "{status}");
}

#[tokio::test]
async fn a_second_reply_is_unimplemented_and_ends_the_call() {
    let (channel, mut exchange) = channel();
    let call = tokio::spawn(channel.unary(&ASK, "a".into()));
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.say(id, &["one", "two"]);
    let (cancelled, _) = line.cancelled().await;
    assert_eq!(cancelled, id);
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains("second message"), "{status}");
}

#[tokio::test]
async fn a_reply_that_does_not_decode_is_internal_and_names_the_type() {
    struct Never;
    impl farcall::codec::Encoder<String> for Never {
        fn encode(&self, _: &String, _: &mut farcall::codec::EncodeBuf) -> Result<(), farcall::codec::CodecError> {
            Ok(())
        }
    }
    impl farcall::codec::Decoder<String> for Never {
        fn decode(&self, _: farcall::codec::Payload) -> Result<String, farcall::codec::CodecError> {
            Err(farcall::codec::CodecError::new("bad byte at 3"))
        }
    }
    static DEAF: crate::text::TextMethod =
        farcall::codec::Method::new("/test.Text/Deaf", farcall::codec::Shape::Unary, &Never, &Never);
    let (channel, mut exchange) = channel();
    let call = tokio::spawn(channel.unary(&DEAF, "a".into()));
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.answer(id, &["x"]);
    let status = line.run_until(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("String") && status.message().contains("bad byte at 3"), "{status}");
}

#[tokio::test]
async fn a_reply_over_the_receive_limit_is_resource_exhausted_with_both_sizes() {
    let (channel, mut exchange) = channel_with(|builder| builder.receive_limit(10));
    let call = tokio::spawn(channel.unary(&ASK, "a".into()));
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    line.say(id, &["eleven byte"]);
    let status = line.run_until(call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("11") && status.message().contains("10"), "{status}");
}

#[tokio::test]
async fn a_dropped_call_is_cancelled_at_the_server() {
    let (channel, mut exchange) = channel();
    let mut call = channel.unary(&ASK, "a".into());
    assert!(!is_ready(&mut call).await);
    let mut line = exchange.accept().await;
    let (id, ..) = line.asked().await;
    drop(call);
    assert_eq!(line.cancelled().await.0, id);
    assert_eq!(line.conn.open_calls(), 0);
}

#[tokio::test]
async fn a_call_that_is_never_polled_is_never_sent() {
    let (channel, exchange) = channel();
    drop(channel.unary(&ASK, "a".into()));
    drop(channel.bidi(&CHAT));
    tokio::task::yield_now().await;
    assert!(!exchange.is_ringing());
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn gzip_is_per_call_and_the_head_says_so() {
    let (channel, mut exchange) = channel();
    let text = "a".repeat(10_000);
    let call = tokio::spawn(channel.unary(&ASK, text).gzip());
    let mut config = Config::default();
    config.accept.insert(Encoding::Gzip);
    let mut line = exchange.accept_with(config).await;
    let (id, head) = line.request().await;
    assert_eq!(head.encoding, Encoding::Gzip);
    assert!(head.accept.contains(Encoding::Gzip));
    let Event::Message { message, .. } = line.event().await else { panic!("expected a message") };
    assert!(message.compressed && message.payload.len() < 200, "{} bytes", message.payload.len());
    assert!(matches!(line.event().await, Event::End { .. }));
    line.answer(id, &["b"]);
    assert_eq!(line.run_until(call).await.unwrap().unwrap(), "b");
    let call = tokio::spawn(channel.unary(&ASK, "plain".into()));
    let (id, head, message) = line.asked().await;
    assert_eq!((head.encoding, message.as_str()), (Encoding::Identity, "plain"));
    line.answer(id, &["c"]);
    assert_eq!(line.run_until(call).await.unwrap().unwrap(), "c");
}

#[tokio::test]
async fn many_calls_share_one_connection_in_join_and_spawn() {
    let (channel, mut exchange) = channel();
    let calls = async {
        let spawned = tokio::spawn(channel.unary(&ASK, "spawned".into()));
        let (one, two) = tokio::join!(channel.unary(&ASK, "one".into()), channel.unary(&ASK, "two".into()));
        let timed = tokio::time::timeout(std::time::Duration::from_secs(9), channel.unary(&ASK, "timed".into())).await;
        [spawned.await.unwrap(), one, two, timed.unwrap()].map(Result::unwrap)
    };
    let server = async {
        let mut line = exchange.accept().await;
        let mut texts = HashMap::new();
        for _ in 0..12 {
            match line.event().await {
                Event::Message { call, message, .. } => {
                    texts.insert(call, String::from_utf8(message.payload.into_bytes().to_vec()).unwrap());
                }
                Event::End { call } => line.answer(call, &[&texts[&call]]),
                other => assert!(matches!(other, Event::Request { .. })),
            }
        }
        line.flush().await;
        line
    };
    let (answers, line) = tokio::join!(calls, server);
    assert_eq!(answers, ["spawned", "one", "two", "timed"]);
    assert!(!exchange.is_ringing());
    drop(line);
}
