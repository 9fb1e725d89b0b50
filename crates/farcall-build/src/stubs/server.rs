//! The trait that a server implements, and the server that calls it.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::deprecated;
use crate::docs;
use crate::service::{Method, Service, Shape};

/// `trait UserService`.
pub(super) fn contract(service: &Service) -> TokenStream {
    let Service { contract, full_name, server, .. } = service;
    let docs = docs::attributes(
        &service.comment,
        &format!("The service `{full_name}`: implement it with `async fn`, and serve it with [`{server}`]."),
    );
    let deprecated = deprecated(service.deprecated);
    let methods = service.methods.iter().map(declaration);
    quote! {
        #docs
        #deprecated
        pub trait #contract: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#methods)*
        }
    }
}

fn declaration(method: &Method) -> TokenStream {
    let Method { on_server, path, .. } = method;
    let docs = docs::attributes(&method.comment, &format!("`{path}`"));
    let deprecated = deprecated(method.deprecated);
    let (request, response) = (&method.received.here, &method.response.here);
    let one = quote!(request: #request);
    let many = quote!(requests: ::farcall::Inbound<#request>);
    let replies = quote!(replies: ::farcall::Outbound<#response>);
    let (arguments, result) = match method.shape {
        Shape::Unary => (one, quote!(#response)),
        Shape::ServerStreaming => (quote!(#one, #replies), quote!(())),
        Shape::ClientStreaming => (many, quote!(#response)),
        Shape::Bidi => (quote!(#many, #replies), quote!(())),
    };
    quote! {
        #docs
        #deprecated
        fn #on_server(
            &self,
            call: &::farcall::Call,
            #arguments
        ) -> impl ::core::future::Future<Output = ::core::result::Result<#result, ::farcall::Status>> + ::core::marker::Send;
    }
}

/// `struct UserServiceServer`, with what the router needs of it.
pub(super) fn server(service: &Service) -> TokenStream {
    let Service { contract, server, full_name, module, descriptor, .. } = service;
    // The parameter must not be the name of the trait.
    let parameter = if contract == "S" { format_ident!("T") } else { format_ident!("S") };
    let docs =
        docs::attributes(&[], &format!("Serves `{full_name}` from an implementation of [its trait]({contract})."));
    let deprecated = deprecated(service.deprecated);
    let name = server.to_string();
    let arms = service.methods.iter().enumerate().map(|(index, method)| arm(index, method, service, &parameter));
    quote! {
        #docs
        #deprecated
        pub struct #server<#parameter> {
            service: ::std::sync::Arc<#parameter>,
        }

        impl<#parameter: #contract> #server<#parameter> {
            /// Serves `service`.
            #[must_use]
            pub fn new(service: #parameter) -> Self {
                Self::from_arc(::std::sync::Arc::new(service))
            }

            /// Serves a service that others hold too.
            #[must_use]
            pub fn from_arc(service: ::std::sync::Arc<#parameter>) -> Self {
                Self { service }
            }
        }

        impl<#parameter> ::core::clone::Clone for #server<#parameter> {
            fn clone(&self) -> Self {
                Self { service: ::std::sync::Arc::clone(&self.service) }
            }
        }

        impl<#parameter> ::core::fmt::Debug for #server<#parameter> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#name).finish_non_exhaustive()
            }
        }

        impl<#parameter: #contract> ::farcall::server::Service for #server<#parameter> {
            fn descriptor(&self) -> &'static ::farcall::codec::ServiceDescriptor {
                &#module::#descriptor
            }

            fn start(
                &self,
                method: usize,
                call: ::farcall::Call,
                io: ::farcall::server::Io,
            ) -> ::farcall::server::Handling {
                let service = ::std::sync::Arc::clone(&self.service);
                match method {
                    #(#arms)*
                    _ => ::farcall::server::Handling::unimplemented(call),
                }
            }
        }
    }
}

/// What `start` does for one method. The block owns the call and the service: nothing in it borrows from outside.
fn arm(index: usize, method: &Method, service: &Service, parameter: &Ident) -> TokenStream {
    let Method { on_server, on_server_constant: constant, .. } = method;
    let Service { contract, module, .. } = service;
    let method_static = quote!(&#module::#constant);
    let invoke = quote!(<#parameter as #contract>::#on_server);
    let body = match method.shape {
        Shape::Unary => quote! {
            let request = io.request(#method_static);
            ::farcall::server::Handling::unary(#method_static, async move {
                #invoke(&*service, &call, request.await?).await
            })
        },
        Shape::ServerStreaming => quote! {
            let (request, replies) = io.server_streaming(#method_static, &call);
            ::farcall::server::Handling::streaming(async move {
                #invoke(&*service, &call, request.await?, replies).await
            })
        },
        Shape::ClientStreaming => quote! {
            let requests = io.inbound(#method_static, &call);
            ::farcall::server::Handling::unary(#method_static, async move {
                #invoke(&*service, &call, requests).await
            })
        },
        Shape::Bidi => quote! {
            let (requests, replies) = io.bidi(#method_static, &call);
            ::farcall::server::Handling::streaming(async move {
                #invoke(&*service, &call, requests, replies).await
            })
        },
    };
    quote!(#index => { #body })
}
