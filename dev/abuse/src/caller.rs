//! The attacked client: a process of its own with two channels, one to a hostile server and one to a good one.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use farcall::{Channel, Status};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::contract::{DOWNLOAD, ECHO, UPLOAD};
use crate::failure::{Failure, failure};
use crate::honest::Honest;

/// What the attacked client does.
#[derive(Debug, Clone, Copy)]
struct Plan {
    shape: Shape,
    calls: usize,
    deadline: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Unary,
    Upload,
    Download,
}

/// `GOOD HOSTILE SHAPE CALLS [deadline=MS] [stall=MS] [connect=MS]`: says `ready`, waits for a line, makes its calls, says how
/// each ended and how many honest ones there were, and waits for another line.
pub(crate) fn call(words: &[String]) -> Result<(), Failure> {
    let [good, hostile, shape, calls, options @ ..] = words else {
        return Err(failure("call needs GOOD HOSTILE SHAPE CALLS"));
    };
    let option = |name: &str| -> Result<Option<Duration>, Failure> {
        let value = options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
        Ok(value.map(str::parse).transpose()?.map(Duration::from_millis))
    };
    let shape = match shape.as_str() {
        "upload" => Shape::Upload,
        "download" => Shape::Download,
        _ => Shape::Unary,
    };
    let deadline = option("deadline")?.unwrap_or(crate::wire::PATIENCE);
    let plan = Plan { shape, calls: calls.parse()?, deadline };
    let honest = Honest::begin(good.parse::<SocketAddr>()?)?;
    let mut builder = Channel::builder(hostile);
    if let Some(timeout) = option("stall")? {
        builder = builder.send_stall_timeout(timeout);
    }
    if let Some(timeout) = option("connect")? {
        builder = builder.connect_timeout(timeout);
    }
    let channel = builder.build()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(attacked(channel, plan, honest))
}

async fn attacked(channel: Channel, plan: Plan, honest: Honest) -> Result<(), Failure> {
    let mut input = BufReader::new(tokio::io::stdin()).lines();
    println!("ready {}", honest.answered());
    input.next_line().await?;
    let calls: Vec<_> = (0..plan.calls).map(|_| tokio::spawn(one(channel.clone(), plan))).collect();
    for call in calls {
        match call.await? {
            Ok(()) => println!("OK"),
            // One line each, whatever the server has put into the text.
            Err(status) => println!("{} {}", status.code(), status.message().replace(char::is_control, " ")),
        }
    }
    println!("{END} {}", honest.end()?);
    input.next_line().await?;
    Ok(())
}

async fn one(channel: Channel, plan: Plan) -> Result<(), Status> {
    match plan.shape {
        Shape::Unary => {
            channel.unary(&ECHO, Bytes::from(vec![1; 1 << 10])).timeout(plan.deadline).await?;
        }
        Shape::Download => {
            let mut replies = channel.server_streaming(&DOWNLOAD, Bytes::new()).timeout(plan.deadline).await?;
            while replies.next().await?.is_some() {}
        }
        Shape::Upload => {
            let (mut requests, reply) = channel.client_streaming(&UPLOAD).timeout(plan.deadline).await?.split();
            while requests.send(Bytes::from(vec![1; 16 << 10])).await.is_ok() {}
            reply.await?;
        }
    }
    Ok(())
}

/// What stands before the number of honest calls.
pub(crate) const END: &str = "honest";
