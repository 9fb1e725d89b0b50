//! Makes one call as its plan says, and checks every byte that comes back.

use std::sync::atomic::Ordering::Relaxed;

use farcall::{Channel, Metadata, Reply, Status};

use crate::fate::Fate;
use crate::ledger;
use crate::pattern::piece;
use crate::plan::{Plan, Shape};
use crate::proto::soak::{AbsentClient, Answer, Ask, MixedClient};
use crate::service::ECHO;

/// Why a call did not end with OK and everything that it should have brought.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It ended with this.
    Status(Status),
    /// It brought what was not asked for.
    Wrong(String),
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

/// Gives a call what its plan wants beside messages.
macro_rules! dressed {
    ($plan:expr, $call:expr) => {{
        let plan: &Plan = $plan;
        let mut call = $call.metadata(ledger::NUMBER, plan.number.to_string()).metadata(ledger::FATE, plan.fate.name());
        if plan.echo > 0 {
            call = call.metadata_bin(ECHO, piece(plan.start, plan.echo));
        }
        if let Some(timeout) = plan.timeout {
            call = call.timeout(timeout);
        }
        if plan.gzip {
            call = call.gzip();
        }
        if plan.wait_for_ready { call.wait_for_ready() } else { call }
    }};
}

/// Makes the call.
///
/// # Errors
/// How it ended otherwise, or what was wrong about it.
pub(crate) async fn make(plan: &Plan, channel: Channel) -> Result<(), Trouble> {
    if plan.fate == Fate::Absent {
        dressed!(plan, AbsentClient::new(channel).get(ask(plan, true))).await?;
        return Ok(());
    }
    let client = MixedClient::new(channel);
    match plan.shape {
        Shape::Get => get(plan, &client).await,
        Shape::List => list(plan, &client).await,
        Shape::Upload => upload(plan, &client).await,
        Shape::Chat => chat(plan, &client).await,
    }
}

async fn get(plan: &Plan, client: &MixedClient) -> Result<(), Trouble> {
    let Reply { message, headers, trailers, .. } = dressed!(plan, client.get(ask(plan, true))).reply().await?;
    check_answer(plan, &message, plan.request as u64, plan.answer)?;
    check_echo(plan, &headers, &trailers)
}

async fn list(plan: &Plan, client: &MixedClient) -> Result<(), Trouble> {
    let mut answers = dressed!(plan, client.list(ask(plan, true))).await?;
    for _ in 0..plan.answers {
        let answer = some(answers.next().await?)?;
        plan.progress[1].fetch_add(1, Relaxed);
        check_answer(plan, &answer, plan.request as u64, plan.answer)?;
    }
    none(answers.next().await?)?;
    check_echo(plan, &answers.headers().await?, &answers.trailers().await)
}

async fn upload(plan: &Plan, client: &MixedClient) -> Result<(), Trouble> {
    let (mut asks, answer) = dressed!(plan, client.upload()).await?.split();
    for number in 1..=plan.requests {
        asks.send(ask(plan, number == plan.requests)).await?;
        plan.progress[0].store(number, Relaxed);
    }
    asks.finish().await?;
    let Reply { message, headers, trailers, .. } = answer.reply().await?;
    let wanted = if plan.requests == 0 { 0 } else { plan.answer };
    check_answer(plan, &message, u64::from(plan.requests) * plan.request as u64, wanted)?;
    check_echo(plan, &headers, &trailers)
}

async fn chat(plan: &Plan, client: &MixedClient) -> Result<(), Trouble> {
    let mut chat = dressed!(plan, client.chat()).await?;
    for number in 1..=plan.requests {
        chat.send(ask(plan, number == plan.requests)).await?;
        plan.progress[0].store(number, Relaxed);
        for _ in 0..plan.answers {
            let answer = some(chat.next().await?)?;
            plan.progress[1].fetch_add(1, Relaxed);
            check_answer(plan, &answer, u64::from(number) * plan.request as u64, plan.answer)?;
        }
    }
    let mut answers = chat.finish().await?;
    none(answers.next().await?)?;
    check_echo(plan, &answers.headers().await?, &answers.trailers().await)
}

fn ask(plan: &Plan, last: bool) -> Ask {
    Ask {
        payload: piece(plan.start, plan.request).to_vec(),
        start: plan.start,
        answer_size: plan.answer as u32,
        answers: plan.answers,
        wait: plan.wait.as_millis() as u32,
        fail: plan.fail.filter(|_| last).map_or(0, |code| code as u32),
        compress: plan.gzip_answers,
        ..Ask::default()
    }
}

fn check_answer(plan: &Plan, answer: &Answer, received: u64, size: usize) -> Result<(), Trouble> {
    if answer.received != received {
        return Err(Trouble::Wrong(format!("the server got {} bytes of {received}", answer.received)));
    }
    if size > 0 && answer.payload != piece(plan.start, size) || size != answer.payload.len() {
        let text = format!("{} bytes came back, not the {size} that were asked for", answer.payload.len());
        return Err(Trouble::Wrong(text));
    }
    Ok(())
}

fn check_echo(plan: &Plan, headers: &Metadata, trailers: &Metadata) -> Result<(), Trouble> {
    let wanted = (plan.echo > 0).then(|| piece(plan.start, plan.echo));
    for (what, metadata) in [("headers", headers), ("trailers", trailers)] {
        if metadata.get_bytes(ECHO) != wanted {
            return Err(Trouble::Wrong(format!("the {what} do not bring the {} bytes of {ECHO} back", plan.echo)));
        }
    }
    Ok(())
}

fn some(answer: Option<Answer>) -> Result<Answer, Trouble> {
    answer.ok_or_else(|| Trouble::Wrong("an answer is missing, though the call ended with OK".to_owned()))
}

fn none(answer: Option<Answer>) -> Result<(), Trouble> {
    answer.map_or(Ok(()), |_| Err(Trouble::Wrong("an answer came that nobody had asked for".to_owned())))
}
