//! A service of a contract, as the stubs need it: Rust names, paths of types, comments.
//!
//! How stubs look is not known here.

use buffa_codegen::generated::descriptor::{FileDescriptorProto, MethodDescriptorProto, ServiceDescriptorProto};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::config::Config;
use crate::docs;
use crate::error::Error;
use crate::messages::Written;
use crate::names::{Scope, shouty_case, snake_case};
use crate::reserved;

/// Numbers of `descriptor.proto`, for the paths of comments.
const FILE_SERVICE: i32 = 6;
const SERVICE_METHOD: i32 = 2;

/// A service.
pub(crate) struct Service {
    /// As in the contract, with its package: `users.v1.UserService`.
    pub(crate) full_name: String,
    pub(crate) comment: Vec<String>,
    pub(crate) deprecated: bool,
    pub(crate) methods: Vec<Method>,
    /// The trait that a server implements.
    pub(crate) contract: Ident,
    pub(crate) server: Ident,
    pub(crate) client: Ident,
    /// The private module of its statics.
    pub(crate) module: Ident,
    /// The static that describes the service, in `module`.
    pub(crate) descriptor: Ident,
}

/// A method.
pub(crate) struct Method {
    /// As in the contract: `GetUser`.
    pub(crate) name: String,
    /// `/users.v1.UserService/GetUser`.
    pub(crate) path: String,
    pub(crate) comment: Vec<String>,
    pub(crate) deprecated: bool,
    pub(crate) shape: Shape,
    pub(crate) request: MessageType,
    pub(crate) response: MessageType,
    /// What a handler gets where a client sends `request`: the same, or a view of it.
    pub(crate) received: MessageType,
    pub(crate) on_server: Ident,
    pub(crate) on_client: Ident,
    /// The static with its path and codecs, in the module of the service.
    pub(crate) constant: Ident,
    /// That of the server: another one if `received` is not `request`.
    pub(crate) on_server_constant: Ident,
}

/// The four kinds of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Unary,
    ServerStreaming,
    ClientStreaming,
    Bidi,
}

/// How a message type is written in the module of its package, and one module below.
pub(crate) struct MessageType {
    pub(crate) here: TokenStream,
    pub(crate) below: TokenStream,
}

impl Service {
    /// The service `file.service[index]`. `scope` holds the names of its package; those of the stubs are added.
    pub(crate) fn new(
        file: &FileDescriptorProto,
        index: usize,
        types: &Written,
        config: &Config,
        scope: &mut Scope,
    ) -> Result<Self, Error> {
        let service = &file.service[index];
        let package = file.package.as_deref().unwrap_or_default();
        let name = service.name.as_deref().unwrap_or_default();
        let full_name = if package.is_empty() { name.to_owned() } else { format!("{package}.{name}") };
        let path = vec![FILE_SERVICE, i32::try_from(index).unwrap_or_default()];
        let mut of_trait = Scope::default();
        let mut of_client = Scope::default();
        // An RPC of this name would stand in for what every client has.
        for own in ["new", "clone"] {
            of_client.take(own);
        }
        let mut constants = Scope::default();
        let mut methods = Vec::with_capacity(service.method.len());
        for (number, method) in (0..).zip(&service.method) {
            let names = [
                of_trait.fresh(&snake_case(method_name(method))),
                of_client.fresh(&snake_case(method_name(method))),
                constants.fresh(&shouty_case(method_name(method))),
            ];
            let mut built = Method::new(method, &full_name, package, types, names)?;
            if config.asks_for_view(&reserved::restored(&full_name), method_name(method)) {
                built.take_views();
            }
            built.comment = docs::comment(file, &[path.as_slice(), &[SERVICE_METHOD, number]].concat());
            methods.push(built);
        }
        Ok(Self {
            comment: docs::comment(file, &path),
            deprecated: is_deprecated(service),
            contract: scope.fresh(name),
            server: scope.fresh(&format!("{name}Server")),
            client: scope.fresh(&format!("{name}Client")),
            module: scope.fresh(&format!("{}_methods", snake_case(name))),
            descriptor: constants.fresh("DESCRIPTOR"),
            full_name,
            methods,
        })
    }
}

impl Method {
    fn new(
        method: &MethodDescriptorProto,
        service: &str,
        package: &str,
        types: &Written,
        [on_server, on_client, constant]: [Ident; 3],
    ) -> Result<Self, Error> {
        let streams = (method.client_streaming == Some(true), method.server_streaming == Some(true));
        let message = |name: &Option<String>| MessageType::new(name.as_deref().unwrap_or_default(), package, types);
        Ok(Self {
            name: method_name(method).to_owned(),
            path: format!("/{service}/{}", method_name(method)),
            comment: Vec::new(),
            deprecated: method.options.as_option().and_then(|options| options.deprecated) == Some(true),
            shape: match streams {
                (false, false) => Shape::Unary,
                (false, true) => Shape::ServerStreaming,
                (true, false) => Shape::ClientStreaming,
                (true, true) => Shape::Bidi,
            },
            request: message(&method.input_type)?,
            response: message(&method.output_type)?,
            received: message(&method.input_type)?,
            on_server,
            on_client,
            on_server_constant: constant.clone(),
            constant,
        })
    }

    /// Lets handlers read requests where they were received.
    fn take_views(&mut self) {
        let MessageType { here, below } = &self.request;
        self.received = MessageType {
            here: quote!(::farcall_protobuf::View<#here>),
            below: quote!(::farcall_protobuf::View<#below>),
        };
        // No other static has small letters in its name.
        self.on_server_constant = format_ident!("{}_of_views", self.constant);
    }

    /// Whether handlers get something else than what clients send.
    pub(crate) fn takes_views(&self) -> bool {
        self.on_server_constant != self.constant
    }
}

impl MessageType {
    fn new(name: &str, package: &str, types: &Written) -> Result<Self, Error> {
        let here = types
            .path(name, package)
            .ok_or_else(|| Error::new(format!("message `{name}` has no Rust type; please report this contract")))?;
        let elsewhere = here.starts_with("::") || here.starts_with("crate::") || PRIMITIVES.contains(&here);
        let below = if elsewhere { here.to_owned() } else { format!("super::{here}") };
        let parsed = |path: &str| {
            syn::parse_str::<syn::Type>(path).map(quote::ToTokens::into_token_stream).map_err(|cause| {
                Error::new(format!("message `{name}` is `{path}` in Rust, which is no type: {cause}"))
                    .help("correct the path in Config::extern_path, or report this contract")
            })
        };
        Ok(Self { here: parsed(here)?, below: parsed(&below)? })
    }
}

/// What prost has in place of the well-known types that wrap one value, or none.
const PRIMITIVES: [&str; 8] = ["()", "bool", "f32", "f64", "i32", "i64", "u32", "u64"];

fn method_name(method: &MethodDescriptorProto) -> &str {
    method.name.as_deref().unwrap_or_default()
}

fn is_deprecated(service: &ServiceDescriptorProto) -> bool {
    service.options.as_option().and_then(|options| options.deprecated) == Some(true)
}
