//! What is printed for a resource.

use super::{Body, complete, invocation, locals, reader};
use crate::{
    model::{Piece, Resource},
    parameter::Parameter,
};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, ItemFn, LitStr, spanned::Spanned};

/// The implementations of `Readable` and `Completes`.
pub(super) fn implementations(resource: &Resource, function: &ItemFn, body: Body) -> TokenStream {
    let name = &function.sig.ident;
    let completes = complete::implementation(&resource.parameters, function, body);
    let uri = uri(resource);
    let body = match body {
        Body::Real => {
            let (describe, read) = (describe(resource), read(resource, function));
            quote!(#describe #read)
        }
        Body::StandIn => quote! {
            fn describe() -> ::casemate_guest_sdk::resource::Descriptor {
                ::core::unreachable!()
            }
            fn read(
                _: &str,
                _: ::casemate_guest_sdk::__private::Texts,
                _: &::casemate_guest_sdk::Cx,
            ) -> ::casemate_guest_sdk::resource::ReadResult {
                ::core::unreachable!()
            }
        },
    };
    quote! {
        #completes

        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        impl ::casemate_guest_sdk::resource::Readable for #name {
            const URI: ::casemate_guest_sdk::resource::Uri = #uri;
            #body
        }
    }
}

fn uri(resource: &Resource) -> TokenStream {
    let text = &resource.uri;
    let pieces = resource.pieces.iter().map(|piece| match piece {
        Piece::Text(text) => quote!(Text(#text)),
        Piece::Segment(name) => quote!(Segment(#name)),
        Piece::Rest(name) => quote!(Rest(#name)),
    });
    quote! {
        ::casemate_guest_sdk::resource::Uri {
            text: #text,
            pieces: &[#(::casemate_guest_sdk::resource::Piece::#pieces),*],
        }
    }
}

fn option(value: Option<&LitStr>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn describe(resource: &Resource) -> TokenStream {
    let Resource {
        name,
        description,
        output,
        ..
    } = resource;
    let title = option(resource.title.as_ref());
    let mime_type = match &resource.mime_type {
        Some(mime_type) => option(Some(mime_type)),
        None => quote_spanned!(output.span()=>
            <#output as ::casemate_guest_sdk::resource::ResourceOutput<_>>::mime_type()
        ),
    };
    quote! {
        fn describe() -> ::casemate_guest_sdk::resource::Descriptor {
            ::casemate_guest_sdk::resource::Descriptor {
                name: #name,
                title: #title,
                description: #description,
                mime_type: #mime_type,
            }
        }
    }
}

fn read(resource: &Resource, function: &ItemFn) -> TokenStream {
    // None of them can be what a function of the author is called.
    let [uri, variables, context, place] =
        ["uri", "variables", "context", "place"].map(|name| Ident::new(name, Span::mixed_site()));
    let locals = locals(&resource.parameters);
    let takes = resource
        .parameters
        .iter()
        .zip(&locals)
        .map(|(parameter, local)| match parameter {
            Parameter::Property(property) => {
                let (name, value) = (&property.name, &property.value);
                let reader = reader(property);
                quote_spanned!(value.span()=>
                    let #local = #variables.variable::<#value>(#name, #reader)?;
                )
            }
            _ => quote!(let #local = #context;),
        });
    let result = invocation(function, &locals);
    let output = &resource.output;
    let mime_type = option(resource.mime_type.as_ref());
    let outcome = quote_spanned!(output.span()=>
        <#output as ::casemate_guest_sdk::resource::ResourceOutput<_>>::into_outcome(output, #place)
    );
    quote! {
        #[allow(unused_mut, unused_variables)]
        fn read(
            #uri: &str,
            mut #variables: ::casemate_guest_sdk::__private::Texts,
            #context: &::casemate_guest_sdk::Cx,
        ) -> ::casemate_guest_sdk::resource::ReadResult {
            #(#takes)*
            let #place = ::casemate_guest_sdk::resource::Place {
                uri: #uri,
                mime_type: #mime_type,
            };
            let output = #result;
            #outcome
        }
    }
}
