//! The service: it does what each message asks for, and checks every byte that it gets.

use std::sync::Arc;
use std::time::Duration;

use farcall::{Call, Code, Encoding, Inbound, Outbound, Status};

use crate::ledger::Ledger;
use crate::pattern::piece;
use crate::proto::soak::{Answer, Ask, Mixed};

/// Metadata that comes back before and behind the messages.
pub(crate) const ECHO: &str = "soak-echo-bin";

/// The service.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) ledger: Arc<Ledger>,
}

impl Mixed for Service {
    async fn get(&self, call: &Call, ask: Ask) -> Result<Answer, Status> {
        let entry = self.ledger.begin(call)?;
        let result = get(call, &ask).await;
        entry.end(&result);
        result
    }

    async fn list(&self, call: &Call, ask: Ask, mut answers: Outbound<Answer>) -> Result<(), Status> {
        let entry = self.ledger.begin(call)?;
        let result = list(call, &ask, &mut answers).await;
        entry.end(&result);
        result
    }

    async fn upload(&self, call: &Call, asks: Inbound<Ask>) -> Result<Answer, Status> {
        let entry = self.ledger.begin(call)?;
        let result = upload(call, asks).await;
        entry.end(&result);
        result
    }

    async fn chat(&self, call: &Call, asks: Inbound<Ask>, answers: Outbound<Answer>) -> Result<(), Status> {
        let entry = self.ledger.begin(call)?;
        let result = chat(call, asks, answers).await;
        entry.end(&result);
        result
    }
}

async fn get(call: &Call, ask: &Ask) -> Result<Answer, Status> {
    echo(call)?;
    let received = obey(call, ask).await?;
    Ok(answer(ask, received))
}

async fn list(call: &Call, ask: &Ask, answers: &mut Outbound<Answer>) -> Result<(), Status> {
    echo(call)?;
    let received = obey(call, ask).await?;
    for _ in 0..ask.answers {
        answers.send(answer(ask, received)).await?;
    }
    Ok(())
}

async fn upload(call: &Call, mut asks: Inbound<Ask>) -> Result<Answer, Status> {
    echo(call)?;
    let (mut received, mut last) = (0, Ask::default());
    while let Some(ask) = asks.next().await? {
        received += obey(call, &ask).await?;
        last = ask;
    }
    Ok(answer(&last, received))
}

async fn chat(call: &Call, mut asks: Inbound<Ask>, mut answers: Outbound<Answer>) -> Result<(), Status> {
    echo(call)?;
    let mut received = 0;
    while let Some(ask) = asks.next().await? {
        received += obey(call, &ask).await?;
        for _ in 0..ask.answers {
            answers.send(answer(&ask, received)).await?;
        }
    }
    Ok(())
}

/// Checks a message, waits and fails as it says; returns the bytes that it brought.
async fn obey(call: &Call, ask: &Ask) -> Result<u64, Status> {
    if ask.payload != piece(ask.start, ask.payload.len()) {
        return Err(Status::data_loss(format!("{} bytes came, and not as they were sent", ask.payload.len())));
    }
    if ask.compress {
        call.set_compression(Encoding::Gzip);
    }
    if ask.wait > 0 {
        tokio::time::sleep(Duration::from_millis(ask.wait.into())).await;
    }
    match Code::from_number(ask.fail) {
        Some(code) => Err(Status::new(code, "as it was asked for")),
        None => Ok(ask.payload.len() as u64),
    }
}

fn answer(ask: &Ask, received: u64) -> Answer {
    let payload = piece(ask.start, ask.answer_size as usize).to_vec();
    Answer { payload, received, ..Answer::default() }
}

fn echo(call: &Call) -> Result<(), Status> {
    if let Some(value) = call.metadata().get_bytes(ECHO) {
        call.set_header_bin(ECHO, value)?;
        call.set_trailer_bin(ECHO, value)?;
    }
    Ok(())
}
