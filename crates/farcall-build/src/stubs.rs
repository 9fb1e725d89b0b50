//! Services as Rust: a trait to implement, a server that calls it, a client.
//!
//! Everything is named by absolute path, so that no message of a contract can stand in its way.

mod client;
mod server;

use buffa_codegen::idents::rust_path_to_tokens;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::config::Config;
use crate::service::{MessageType, Method, Service, Shape};

/// Everything that is written for one service, in the module of its package.
pub(crate) fn items(service: &Service, codec: &str, config: &Config) -> TokenStream {
    let mut items = TokenStream::new();
    if config.server {
        items.extend(server::contract(service));
        items.extend(server::server(service));
    }
    if config.client {
        items.extend(client::client(service));
    }
    if config.server || config.client {
        items.extend(statics(service, codec, config));
    }
    items
}

/// The private module with what server and client share: paths, shapes and codecs.
fn statics(service: &Service, codec: &str, config: &Config) -> TokenStream {
    let codec = rust_path_to_tokens(codec);
    let Service { module, descriptor, full_name, methods, .. } = service;
    let constants = methods.iter().map(|method| constants(method, &codec, config));
    let descriptions = methods.iter().map(description);
    quote! {
        mod #module {
            pub(super) static #descriptor: ::farcall::codec::ServiceDescriptor = ::farcall::codec::ServiceDescriptor {
                name: #full_name,
                methods: &[#(#descriptions),*],
            };
            #(#constants)*
        }
    }
}

/// One static for both sides, or one for each, where handlers get something else than what clients send.
fn constants(method: &Method, codec: &TokenStream, config: &Config) -> TokenStream {
    let mut items = TokenStream::new();
    if config.client || !method.takes_views() {
        items.extend(constant(method, &method.constant, &method.request, codec));
    }
    if config.server && method.takes_views() {
        items.extend(constant(method, &method.on_server_constant, &method.received, codec));
    }
    items
}

fn constant(method: &Method, name: &Ident, request: &MessageType, codec: &TokenStream) -> TokenStream {
    let Method { path, response, shape, .. } = method;
    let (request, response, shape) = (&request.below, &response.below, shape_path(*shape));
    quote! {
        pub(super) static #name: ::farcall::codec::Method<#request, #response> = ::farcall::codec::Method::new(
            #path,
            #shape,
            &#codec,
            &#codec,
        );
    }
}

fn description(method: &Method) -> TokenStream {
    let Method { name, path, shape, .. } = method;
    let shape = shape_path(*shape);
    quote!(::farcall::codec::MethodDescriptor { name: #name, path: #path, shape: #shape })
}

fn shape_path(shape: Shape) -> TokenStream {
    match shape {
        Shape::Unary => quote!(::farcall::codec::Shape::Unary),
        Shape::ServerStreaming => quote!(::farcall::codec::Shape::ServerStreaming),
        Shape::ClientStreaming => quote!(::farcall::codec::Shape::ClientStreaming),
        Shape::Bidi => quote!(::farcall::codec::Shape::Bidi),
    }
}

fn deprecated(is: bool) -> TokenStream {
    if is { quote!(#[deprecated]) } else { TokenStream::new() }
}
