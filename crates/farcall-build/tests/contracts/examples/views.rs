//! What a view of a request saves, for valgrind to count: decodes one message again and again, or calls with it.
//!
//! Two runs whose counts differ by N differ by N times what one message costs.

use std::hint::black_box;
use std::process::ExitCode;

use contracts::viewed::viewed::{File, Files, FilesClient, FilesServer, Summary};
use farcall::codec::{CodecError, Decoder, EncodeBuf, Encoder, Payload};
use farcall::{Call, Channel, Inbound, Outbound, Router, Status};
use farcall_protobuf::well_known::StringValue;
use farcall_protobuf::{Buffa, View};

const HELP: &str = "usage: views owned|view one|two COUNT    decodes, from one piece or two (16,384 bytes and the rest)
       views owned|view call COUNT       calls a server in this process, whose handler reads the request

The message has ten strings of 24 bytes and 16 KiB of bytes. Count its cost with valgrind, in two runs:
  valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/examples/views view two 1000
  valgrind --tool=dhat --dhat-out-file=/dev/null target/release/examples/views view two 1000";

/// The longest payload of a frame, unless a peer's settings say otherwise.
const FRAME: usize = 16_384;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if words == ["--help"] {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let done = match words.as_slice() {
        [kind @ ("owned" | "view"), "call", count] => count.parse().ok().map(|count| call(*kind == "view", count)),
        [kind @ ("owned" | "view"), pieces @ ("one" | "two"), count] => {
            count.parse().ok().map(|count| decode(*kind == "view", *pieces == "two", count))
        }
        _ => None,
    };
    match done {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(error)) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
        None => {
            eprintln!("error: `{}` is not what this program does\n{HELP}", arguments.join(" "));
            ExitCode::from(2)
        }
    }
}

fn message() -> File {
    let text = |number: usize| format!("string number {number:010}");
    File {
        name: text(0),
        note: Some(text(1)),
        tags: (2..10).map(text).collect(),
        content: vec![7; 16 << 10],
        ..Default::default()
    }
}

fn of_owned(file: &File) -> usize {
    file.name.len()
        + file.note.as_ref().map_or(0, String::len)
        + file.tags.iter().map(String::len).sum::<usize>()
        + file.content.len()
}

fn of_view(file: &View<File>) -> usize {
    let tags: usize = file.tags().iter().map(|tag| tag.len()).sum();
    file.name().len() + file.note().map_or(0, str::len) + tags + file.content().len()
}

fn decode(view: bool, in_two: bool, count: usize) -> Result<(), String> {
    let mut out = EncodeBuf::new(usize::MAX);
    Buffa.encode(&message(), &mut out).map_err(|error| error.to_string())?;
    let bytes = out.take().into_bytes();
    for _ in 0..count {
        let mut payload = Payload::default();
        let cut = if in_two { FRAME } else { bytes.len() };
        payload.push(bytes.slice(..cut));
        payload.push(bytes.slice(cut..));
        let read = if view {
            Buffa.decode(payload).map(|file| of_view(&file))
        } else {
            Buffa.decode(payload).map(|file| of_owned(&file))
        };
        black_box(read.map_err(|error: CodecError| error.to_string())?);
    }
    Ok(())
}

fn call(view: bool, count: usize) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let client = FilesClient::new(Channel::over(Router::new().service(FilesServer::new(Desk))));
    let called = runtime.block_on(async {
        for _ in 0..count {
            let reply = if view { client.upload(message()).await? } else { client.plain(message()).await? };
            black_box(reply.size);
        }
        Ok(())
    });
    called.map_err(|status: Status| status.to_string())
}

/// Two of its methods do the same, one with a view.
struct Desk;

fn reply(size: usize) -> Summary {
    Summary { size: i64::try_from(size).unwrap_or(i64::MAX), ..Default::default() }
}

impl Files for Desk {
    async fn upload(&self, _: &Call, request: View<File>) -> Result<Summary, Status> {
        Ok(reply(of_view(&request)))
    }

    async fn plain(&self, _: &Call, request: File) -> Result<Summary, Status> {
        Ok(reply(of_owned(&request)))
    }

    async fn split(&self, _: &Call, _: View<File>, _: Outbound<Summary>) -> Result<(), Status> {
        Err(Status::unimplemented("only Upload and Plain are measured"))
    }

    async fn join(&self, _: &Call, _: Inbound<View<File>>) -> Result<Summary, Status> {
        Err(Status::unimplemented("only Upload and Plain are measured"))
    }

    async fn relay(&self, _: &Call, _: Inbound<View<File>>, _: Outbound<File>) -> Result<(), Status> {
        Err(Status::unimplemented("only Upload and Plain are measured"))
    }

    async fn nothing(&self, _: &Call, _: View<StringValue>) -> Result<Summary, Status> {
        Err(Status::unimplemented("only Upload and Plain are measured"))
    }
}
