//! The client of a service: one function per method, none of which waits for anything.

use proc_macro2::TokenStream;
use quote::quote;

use super::deprecated;
use crate::docs;
use crate::service::{Method, Service, Shape};

/// `struct UserServiceClient`.
pub(super) fn client(service: &Service) -> TokenStream {
    let Service { client, full_name, .. } = service;
    let docs = docs::attributes(
        &service.comment,
        &format!("A client of `{full_name}`: cheap to clone, one connection for all."),
    );
    let deprecated = deprecated(service.deprecated);
    let methods = service.methods.iter().map(|method| function(method, service));
    quote! {
        #docs
        #deprecated
        #[derive(Clone, Debug)]
        pub struct #client {
            channel: ::farcall::Channel,
        }

        impl #client {
            /// A client that calls through `channel`.
            #[must_use]
            pub fn new(channel: ::farcall::Channel) -> Self {
                Self { channel }
            }

            #(#methods)*
        }
    }
}

fn function(method: &Method, service: &Service) -> TokenStream {
    let Method { on_client, constant, path, .. } = method;
    let docs = docs::attributes(&method.comment, &format!("`{path}`"));
    let deprecated = deprecated(method.deprecated);
    let module = &service.module;
    let method_static = quote!(&#module::#constant);
    let (request, response) = (&method.request.here, &method.response.here);
    let (argument, call, body) = match method.shape {
        Shape::Unary => (
            quote!(, request: #request),
            quote!(::farcall::client::UnaryCall<#response>),
            quote!(self.channel.unary(#method_static, request)),
        ),
        Shape::ServerStreaming => (
            quote!(, request: #request),
            quote!(::farcall::client::ServerStreamingCall<#response>),
            quote!(self.channel.server_streaming(#method_static, request)),
        ),
        Shape::ClientStreaming => (
            TokenStream::new(),
            quote!(::farcall::client::ClientStreamingCall<#request, #response>),
            quote!(self.channel.client_streaming(#method_static)),
        ),
        Shape::Bidi => (
            TokenStream::new(),
            quote!(::farcall::client::BidiCall<#request, #response>),
            quote!(self.channel.bidi(#method_static)),
        ),
    };
    quote! {
        #docs
        #deprecated
        pub fn #on_client(&self #argument) -> #call {
            #body
        }
    }
}
