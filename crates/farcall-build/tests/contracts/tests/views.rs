//! Handlers that take views of their requests, in calls of all four kinds, over memory.

use contracts::proto::viewed::{File as PlainFile, FilesClient as PlainFilesClient};
use contracts::viewed::viewed::file::{self, Part, PlaceView, part::Depth};
use contracts::viewed::viewed::{File, Files, FilesClient, FilesServer, Summary};
use farcall::codec::{CodecError, Decoder, EncodeBuf, Encoder, Method, Payload, Shape};
use farcall::{Call, Channel, Code, Encoding, Inbound, Outbound, Router, Status};
use farcall_protobuf::well_known::{StringValue, Timestamp};
use farcall_protobuf::{Buffa, MessageField, View};

struct Desk;

/// What a view says of itself, read where it lies.
fn summary(file: &View<File>) -> Summary {
    let tags: Vec<&str> = file.tags().iter().copied().collect();
    let within = |text: &str| file.bytes().as_ptr_range().contains(&text.as_ptr());
    let note = file.note().map_or_else(|| "none".into(), |note| format!("{note}:{}", within(note)));
    let place = match file.place() {
        Some(PlaceView::Path(path)) => format!("at {path}"),
        Some(PlaceView::Inside(part)) => format!("inside {:?}", part.data),
        None => "nowhere".to_owned(),
    };
    let text = format!(
        "{}:{} [{}] note {note} {place} parent {} at {} view {}",
        file.name(),
        within(file.name()),
        tags.join(","),
        file.parent().name,
        file.changed().seconds,
        file.view().view,
    );
    let parts: usize = file.parts().iter().map(|(_, part)| part.data.len()).sum();
    let size = file.content().len() + parts + file.view().bytes.len();
    Summary { text, size: i64::try_from(size).unwrap_or_default(), ..Default::default() }
}

impl Files for Desk {
    async fn upload(&self, _: &Call, request: View<File>) -> Result<Summary, Status> {
        Ok(summary(&request))
    }

    async fn split(&self, _: &Call, request: View<File>, mut replies: Outbound<Summary>) -> Result<(), Status> {
        for part in request.list() {
            let size: i32 = part.depth.numbers.iter().sum();
            let text = String::from_utf8_lossy(part.data).into_owned();
            replies.send(Summary { text, size: size.into(), ..Default::default() }).await?;
        }
        Ok(())
    }

    async fn join(&self, _: &Call, mut requests: Inbound<View<File>>) -> Result<Summary, Status> {
        let mut kept = Vec::new();
        while let Some(request) = requests.next().await? {
            kept.push(request);
        }
        let names: Vec<&str> = kept.iter().map(|file| file.name()).collect();
        Ok(Summary { text: names.join("+"), ..Default::default() })
    }

    async fn relay(
        &self,
        _: &Call,
        mut requests: Inbound<View<File>>,
        mut replies: Outbound<File>,
    ) -> Result<(), Status> {
        while let Some(request) = requests.next().await? {
            replies.send(request.to_owned_message()).await?;
        }
        Ok(())
    }

    async fn plain(&self, _: &Call, request: File) -> Result<Summary, Status> {
        Ok(Summary { text: request.name, ..Default::default() })
    }

    async fn nothing(&self, _: &Call, request: View<StringValue>) -> Result<Summary, Status> {
        Ok(Summary { text: request.value().to_owned(), ..Default::default() })
    }
}

fn channel() -> Channel {
    Channel::over(Router::new().service(FilesServer::new(Desk)))
}

fn client() -> FilesClient {
    FilesClient::new(channel())
}

fn file() -> File {
    let part = |data: &str, numbers: &[i32]| Part {
        data: data.into(),
        depth: MessageField::some(Depth { numbers: numbers.to_vec(), ..Default::default() }),
        ..Default::default()
    };
    File {
        name: "report".into(),
        content: vec![7; 9000],
        tags: vec!["a".into(), "b".into()],
        parts: std::iter::once(("one".into(), part("xyz", &[]))).collect(),
        note: Some("mind".into()),
        place: Some(file::Place::Inside(Box::new(part("in", &[])))),
        parent: MessageField::some(File { name: "folder".into(), ..Default::default() }),
        changed: MessageField::some(Timestamp { seconds: 5, ..Default::default() }),
        list: vec![part("first", &[1, -2, 3]), part("second", &[40])],
        view: "field".into(),
        bytes: vec![1, 2],
        ..Default::default()
    }
}

const SEEN: &str = "report:true [a,b] note mind:true inside [105, 110] parent folder at 5 view field";

#[tokio::test]
async fn a_handler_reads_its_request_where_it_was_received() -> Result<(), Status> {
    let reply = client().upload(file()).await?;
    assert_eq!((reply.text.as_str(), reply.size), (SEEN, 9000 + 3 + 2));
    let empty = client().upload(File::default()).await?;
    assert_eq!(empty.text, ":false [] note none nowhere parent  at 0 view ");
    Ok(())
}

#[tokio::test]
async fn other_handlers_get_owned_messages_and_well_known_types_have_views() -> Result<(), Status> {
    assert_eq!(client().plain(file()).await?.text, "report");
    let asked = StringValue { value: "word".into(), ..Default::default() };
    assert_eq!(client().nothing(asked).await?.text, "word");
    Ok(())
}

#[tokio::test]
async fn a_request_in_several_frames_is_put_together() -> Result<(), Status> {
    for length in [16 << 10, 100 << 10, 2 << 20] {
        let reply = client().upload(File { content: vec![7; length], ..file() }).await?;
        assert_eq!((reply.text.as_str(), reply.size), (SEEN, i64::try_from(length + 5).unwrap_or_default()));
    }
    Ok(())
}

#[tokio::test]
async fn a_compressed_request_is_viewed_as_what_it_inflates_to() -> Result<(), Status> {
    for length in [9000, 100 << 10] {
        let request = File { content: vec![7; length], ..file() };
        let reply = client().upload(request).compress(Encoding::Gzip).await?;
        assert_eq!((reply.text.as_str(), reply.size), (SEEN, i64::try_from(length + 5).unwrap_or_default()));
    }
    Ok(())
}

#[tokio::test]
async fn replies_are_streamed_for_a_view() -> Result<(), Status> {
    let mut parts = client().split(file()).await?;
    let mut seen = Vec::new();
    while let Some(part) = parts.next().await? {
        seen.push((part.text, part.size));
    }
    assert_eq!(seen, [("first".to_owned(), 2), ("second".to_owned(), 40)]);
    Ok(())
}

#[tokio::test]
async fn views_of_a_stream_live_as_long_as_they_are_wanted() -> Result<(), Status> {
    let mut upload = client().join().await?;
    for name in ["a", "b", "c"] {
        upload.send(File { name: name.into(), content: vec![0; 5000], ..Default::default() }).await?;
    }
    assert_eq!(upload.finish().await?.text, "a+b+c");
    Ok(())
}

#[tokio::test]
async fn an_owned_message_made_of_a_view_is_what_was_sent() -> Result<(), Status> {
    let (mut send, mut receive) = client().relay().await?.split();
    send.send(file()).await?;
    assert_eq!(receive.next().await?, Some(file()));
    send.finish().await?;
    assert_eq!(receive.next().await?, None);
    Ok(())
}

#[tokio::test]
async fn a_client_that_knows_nothing_of_views_calls_the_same_method() -> Result<(), Status> {
    let client = PlainFilesClient::new(channel());
    let request = PlainFile { name: "plain".into(), ..Default::default() };
    assert!(client.upload(request).await?.text.starts_with("plain:true "));
    Ok(())
}

#[tokio::test]
async fn a_handler_is_called_without_a_call_of_the_network() {
    let view = View::of(&file()).expect("it is not too long");
    let same = view.clone();
    assert_eq!(view.name().as_ptr(), same.name().as_ptr());
    drop(view);
    assert_eq!(summary(&same).text, SEEN);
    assert!(format!("{same:?}").contains("report"));
}

/// Bytes as a message, so that a test can send any.
struct Raw;

impl Encoder<Vec<u8>> for Raw {
    fn encode(&self, message: &Vec<u8>, out: &mut EncodeBuf) -> Result<(), CodecError> {
        out.put_slice(message);
        Ok(())
    }
}

impl Decoder<Vec<u8>> for Raw {
    fn decode(&self, payload: Payload) -> Result<Vec<u8>, CodecError> {
        Ok(payload.into_bytes().to_vec())
    }
}

static UPLOAD: Method<Vec<u8>, Summary> = Method::new("/viewed.Files/Upload", Shape::Unary, &Raw, &Buffa);
static JOIN: Method<Vec<u8>, Summary> = Method::new("/viewed.Files/Join", Shape::ClientStreaming, &Raw, &Buffa);

/// `File` in `File`, so many.
fn nested(depth: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..depth {
        let mut outer = vec![9 << 3 | 2];
        let mut length = bytes.len();
        while length >= 0x80 {
            outer.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
            length >>= 7;
        }
        outer.push(u8::try_from(length).unwrap_or_default());
        outer.extend(bytes);
        bytes = outer;
    }
    bytes
}

#[tokio::test]
async fn hostile_bytes_end_their_call_alone() -> Result<(), Status> {
    let channel = channel();
    let hostile = [
        (b"\x0a\x02\xff\xff".to_vec(), "invalid UTF-8"),
        (b"\x0a\x7fx".to_vec(), "unexpected end of buffer"),
        (b"\x08\x01".to_vec(), "wire type mismatch on field 1"),
        // The last of three files in each other is cut off.
        (b"\x4a\x04\x4a\x02\x0a\x05".to_vec(), "unexpected end of buffer"),
        (nested(200), "recursion limit exceeded"),
        // Two bytes on the wire each, and many times that in memory.
        ([0x7a, 0].repeat(1 << 20), "take more than the limit"),
    ];
    for (bytes, reason) in hostile {
        let status = channel.unary(&UPLOAD, bytes).await.map(|_| ()).expect_err(reason);
        assert_eq!(status.code(), Code::Internal, "{status:?}");
        assert!(status.message().contains("viewed.File: ") && status.message().contains(reason), "{status:?}");
    }
    let mut stream = channel.client_streaming(&JOIN).await?;
    stream.send(b"\x0a\x01a".to_vec()).await?;
    stream.send(b"\x0a\x02\xff\xff".to_vec()).await?;
    let status = stream.finish().await.map(|_| ()).expect_err("invalid UTF-8");
    assert_eq!(status.code(), Code::Internal, "{status:?}");
    assert_eq!(FilesClient::new(channel).upload(file()).await?.text, SEEN);
    Ok(())
}
