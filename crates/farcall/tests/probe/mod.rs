//! A service of all four shapes over plain text, written as generated code would be, for the tests beside this folder.
//!
//! Shared by test programs: what only one of them needs stands there.

use std::future::Future;
use std::sync::Arc;

use farcall::client::{BidiCall, ClientStreamingCall, ServerStreamingCall, UnaryCall};
use farcall::codec::{
    CodecError, Decoder, EncodeBuf, Encoder, Method, MethodDescriptor, Payload, ServiceDescriptor, Shape,
};
use farcall::server::{Handling, Io, Service};
use farcall::{Call, Channel, Inbound, Outbound, Status};

/// UTF-8.
pub(crate) struct Text;

impl Encoder<String> for Text {
    fn encode(&self, message: &String, out: &mut EncodeBuf) -> Result<(), CodecError> {
        if message == "unspeakable" {
            return Err(CodecError::new("some things cannot be said"));
        }
        out.put_slice(message.as_bytes());
        Ok(())
    }
}

impl Decoder<String> for Text {
    fn decode(&self, payload: Payload) -> Result<String, CodecError> {
        String::from_utf8(payload.into_bytes().to_vec()).map_err(|error| CodecError::new(error.to_string()))
    }
}

pub(crate) static UNARY: Method<String, String> = Method::new("/test.Probe/Unary", Shape::Unary, &Text, &Text);
pub(crate) static DOWNLOAD: Method<String, String> =
    Method::new("/test.Probe/Download", Shape::ServerStreaming, &Text, &Text);
pub(crate) static UPLOAD: Method<String, String> =
    Method::new("/test.Probe/Upload", Shape::ClientStreaming, &Text, &Text);
pub(crate) static CHAT: Method<String, String> = Method::new("/test.Probe/Chat", Shape::Bidi, &Text, &Text);

static DESCRIPTOR: ServiceDescriptor = ServiceDescriptor {
    name: "test.Probe",
    methods: &[
        MethodDescriptor { name: "Unary", path: "/test.Probe/Unary", shape: Shape::Unary },
        MethodDescriptor { name: "Download", path: "/test.Probe/Download", shape: Shape::ServerStreaming },
        MethodDescriptor { name: "Upload", path: "/test.Probe/Upload", shape: Shape::ClientStreaming },
        MethodDescriptor { name: "Chat", path: "/test.Probe/Chat", shape: Shape::Bidi },
    ],
};

/// What a test implements of it.
pub(crate) trait Probe: Send + Sync + 'static {
    fn unary(&self, _: &Call, request: String) -> impl Future<Output = Result<String, Status>> + Send {
        async move { Ok(format!("hello {request}")) }
    }

    fn download(
        &self,
        _: &Call,
        request: String,
        mut replies: Outbound<String>,
    ) -> impl Future<Output = Result<(), Status>> + Send {
        async move {
            for word in request.split(' ') {
                replies.send(word.to_owned()).await?;
            }
            Ok(())
        }
    }

    fn upload(&self, _: &Call, mut requests: Inbound<String>) -> impl Future<Output = Result<String, Status>> + Send {
        async move {
            let mut words = Vec::new();
            while let Some(word) = requests.next().await? {
                words.push(word);
            }
            Ok(words.join(" "))
        }
    }

    fn chat(
        &self,
        _: &Call,
        mut requests: Inbound<String>,
        mut replies: Outbound<String>,
    ) -> impl Future<Output = Result<(), Status>> + Send {
        async move {
            while let Some(request) = requests.next().await? {
                replies.send(format!("re: {request}")).await?;
            }
            Ok(())
        }
    }
}

/// All methods as they are.
pub(crate) struct Plain;
impl Probe for Plain {}

pub(crate) struct ProbeServer<S>(pub(crate) Arc<S>);

impl<S: Probe> ProbeServer<S> {
    pub(crate) fn new(service: S) -> Self {
        Self(Arc::new(service))
    }
}

impl<S: Probe> Service for ProbeServer<S> {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &DESCRIPTOR
    }

    fn start(&self, method: usize, call: Call, io: Io) -> Handling {
        let service = Arc::clone(&self.0);
        match method {
            0 => {
                let request = io.request(&UNARY);
                Handling::unary(&UNARY, async move { service.unary(&call, request.await?).await })
            }
            1 => {
                let (request, replies) = io.server_streaming(&DOWNLOAD, &call);
                Handling::streaming(async move { service.download(&call, request.await?, replies).await })
            }
            2 => {
                let requests = io.inbound(&UPLOAD, &call);
                Handling::unary(&UPLOAD, async move { service.upload(&call, requests).await })
            }
            3 => {
                let (requests, replies) = io.bidi(&CHAT, &call);
                Handling::streaming(async move { service.chat(&call, requests, replies).await })
            }
            _ => Handling::unimplemented(call),
        }
    }
}

#[derive(Clone)]
pub(crate) struct ProbeClient(pub(crate) Channel);

impl ProbeClient {
    pub(crate) fn unary(&self, request: impl Into<String>) -> UnaryCall<String> {
        self.0.unary(&UNARY, request.into())
    }

    pub(crate) fn download(&self, request: impl Into<String>) -> ServerStreamingCall<String> {
        self.0.server_streaming(&DOWNLOAD, request.into())
    }

    pub(crate) fn upload(&self) -> ClientStreamingCall<String, String> {
        self.0.client_streaming(&UPLOAD)
    }

    pub(crate) fn chat(&self) -> BidiCall<String, String> {
        self.0.bidi(&CHAT)
    }
}

/// A client of `service` in memory.
pub(crate) fn over(service: impl Probe) -> ProbeClient {
    ProbeClient(Channel::over(farcall::Router::new().service(ProbeServer::new(service))))
}

/// Runs a test on both kinds of runtime.
pub(crate) fn on_both_runtimes<F: Future<Output = ()>>(test: impl Fn() -> F) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test());
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test());
}
