//! `grpc.testing.TestService`: all eight methods, and every field of their requests that a plain server can obey.
//!
//! What a request asks for is checked in `wishes` before anything is sent. Load reports (ORCA) are not sent, and the
//! names that come from an authenticated caller stay empty, because there are none here.

mod wishes;

use std::time::Duration;

use farcall::{Call, Encoding, Inbound, Outbound, Status};

use crate::proto::grpc::testing::{
    Empty, Payload, SimpleRequest, SimpleResponse, StreamingInputCallRequest, StreamingInputCallResponse,
    StreamingOutputCallRequest, StreamingOutputCallResponse, TestService,
};
use crate::shape::sent;
use crate::{ECHO_INITIAL, ECHO_TRAILING};
use wishes::{Answer, answers, checked_compression, checked_size, checked_type, without_failure};

/// Requests of one `HalfDuplexCall`, which are kept until the last one has come.
const HALF_DUPLEX_REQUESTS: usize = 10_000;

/// The service. It holds nothing but what it calls itself.
#[derive(Debug, Clone)]
pub struct InteropService {
    server_id: String,
    hostname: String,
}

impl InteropService {
    /// A service that calls itself after the machine and the process.
    pub fn new() -> Self {
        let hostname = gethostname::gethostname().to_string_lossy().into_owned();
        Self { server_id: format!("farcall-{hostname}-{}", std::process::id()), hostname }
    }

    fn answer(&self, call: &Call, request: &SimpleRequest) -> Result<SimpleResponse, Status> {
        echo_metadata(call)?;
        checked_type(&request.response_type)?;
        checked_compression(sent(&request.expect_compressed), call.request_compressed())?;
        without_failure(sent(&request.response_status))?;
        let size = checked_size(request.response_size)?;
        if sent(&request.response_compressed).is_some_and(|wish| wish.value) {
            call.set_compression(in_kind(call));
        }
        Ok(SimpleResponse {
            payload: zeros(size).into(),
            server_id: if request.fill_server_id { self.server_id.clone() } else { String::new() },
            hostname: self.hostname.clone(),
            ..SimpleResponse::default()
        })
    }
}

impl Default for InteropService {
    fn default() -> Self {
        Self::new()
    }
}

impl TestService for InteropService {
    async fn empty_call(&self, call: &Call, _: Empty) -> Result<Empty, Status> {
        echo_metadata(call)?;
        Ok(Empty::default())
    }

    async fn unary_call(&self, call: &Call, request: SimpleRequest) -> Result<SimpleResponse, Status> {
        self.answer(call, &request)
    }

    async fn cacheable_unary_call(&self, call: &Call, request: SimpleRequest) -> Result<SimpleResponse, Status> {
        self.answer(call, &request)
    }

    async fn streaming_output_call(
        &self,
        call: &Call,
        request: StreamingOutputCallRequest,
        mut replies: Outbound<StreamingOutputCallResponse>,
    ) -> Result<(), Status> {
        begin_stream(call)?;
        send_all(&answers(&request)?, &mut replies).await
    }

    async fn streaming_input_call(
        &self,
        call: &Call,
        mut requests: Inbound<StreamingInputCallRequest>,
    ) -> Result<StreamingInputCallResponse, Status> {
        echo_metadata(call)?;
        let mut total = 0_i32;
        while let Some(request) = requests.next().await? {
            checked_compression(sent(&request.expect_compressed), requests.compressed())?;
            total = sent(&request.payload)
                .map_or(Some(0), |payload| i32::try_from(payload.body.len()).ok())
                .and_then(|size| total.checked_add(size))
                .ok_or_else(|| {
                    Status::out_of_range("the payloads pass 2 GiB, which aggregated_payload_size cannot hold")
                })?;
        }
        Ok(StreamingInputCallResponse { aggregated_payload_size: total, ..StreamingInputCallResponse::default() })
    }

    async fn full_duplex_call(
        &self,
        call: &Call,
        mut requests: Inbound<StreamingOutputCallRequest>,
        mut replies: Outbound<StreamingOutputCallResponse>,
    ) -> Result<(), Status> {
        begin_stream(call)?;
        while let Some(request) = requests.next().await? {
            send_all(&answers(&request)?, &mut replies).await?;
        }
        Ok(())
    }

    async fn half_duplex_call(
        &self,
        call: &Call,
        mut requests: Inbound<StreamingOutputCallRequest>,
        mut replies: Outbound<StreamingOutputCallResponse>,
    ) -> Result<(), Status> {
        begin_stream(call)?;
        let mut kept = Vec::new();
        while let Some(mut request) = requests.next().await? {
            if kept.len() == HALF_DUPLEX_REQUESTS {
                let text =
                    format!("HalfDuplexCall keeps {HALF_DUPLEX_REQUESTS} requests: send no more before its replies");
                return Err(Status::resource_exhausted(text));
            }
            request.payload.take();
            kept.push(request);
        }
        for request in &kept {
            send_all(&answers(request)?, &mut replies).await?;
        }
        Ok(())
    }

    async fn unimplemented_call(&self, call: &Call, _: Empty) -> Result<Empty, Status> {
        Err(Status::unimplemented(format!("{} is implemented nowhere, on purpose", call.path())))
    }
}

/// What every stream of replies begins with. Compression is announced, since any request may ask for it, and is then
/// switched message by message; to a client that does not accept it nothing is announced and nothing compressed.
fn begin_stream(call: &Call) -> Result<(), Status> {
    echo_metadata(call)?;
    call.set_compression(in_kind(call));
    Ok(())
}

/// How replies are compressed that should be: as the request came, and with gzip where it came without.
fn in_kind(call: &Call) -> Encoding {
    match call.head().encoding {
        Encoding::Identity => Encoding::Gzip,
        encoding => encoding,
    }
}

async fn send_all(answers: &[Answer], replies: &mut Outbound<StreamingOutputCallResponse>) -> Result<(), Status> {
    for answer in answers {
        if answer.wait > Duration::ZERO {
            tokio::time::sleep(answer.wait).await;
        }
        replies.compress(answer.compressed);
        let message = StreamingOutputCallResponse {
            payload: zeros(answer.size).into(),
            ..StreamingOutputCallResponse::default()
        };
        replies.send(message).await?;
    }
    Ok(())
}

fn echo_metadata(call: &Call) -> Result<(), Status> {
    if let Some(value) = call.metadata().get(ECHO_INITIAL) {
        call.set_header(ECHO_INITIAL, value)?;
    }
    if let Some(value) = call.metadata().get_bytes(ECHO_TRAILING) {
        call.set_trailer_bin(ECHO_TRAILING, value)?;
    }
    Ok(())
}

/// A payload of `COMPRESSABLE` bytes.
pub(crate) fn zeros(size: usize) -> Payload {
    Payload { body: vec![0; size], ..Payload::default() }
}
