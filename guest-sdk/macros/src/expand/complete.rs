//! What is printed for completion.

use super::Body;
use crate::parameter::{Completion, Given, Parameter, Property, given};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, ItemFn, spanned::Spanned};

/// The implementation of `Completes`.
pub(super) fn implementation(
    parameters: &[Parameter],
    function: &ItemFn,
    body: Body,
) -> TokenStream {
    let name = &function.sig.ident;
    let [argument, typed, filled, context] =
        ["argument", "typed", "filled", "context"].map(|name| Ident::new(name, Span::mixed_site()));
    let body = match body {
        Body::StandIn => quote!(::core::unreachable!()),
        Body::Real => {
            let arms = parameters.iter().filter_map(|parameter| match parameter {
                Parameter::Property(property) => {
                    let values = values(property, parameters, [&typed, &filled, &context]);
                    let name = &property.name;
                    Some(quote!(#name => #values,))
                }
                _ => None,
            });
            quote! {
                match #argument {
                    #(#arms)*
                    _ => ::core::result::Result::Ok(::core::default::Default::default()),
                }
            }
        }
    };
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, unused_variables)]
        impl ::casemate_guest_sdk::completion::Completes for #name {
            fn complete(
                #argument: &str,
                #typed: &str,
                #filled: &::casemate_guest_sdk::__private::Texts,
                #context: &::casemate_guest_sdk::Cx,
            ) -> ::core::result::Result<
                ::casemate_guest_sdk::completion::Suggestions,
                ::casemate_guest_sdk::ToolError,
            > {
                #body
            }
        }
    }
}

fn values(
    property: &Property,
    parameters: &[Parameter],
    [typed, filled, context]: [&Ident; 3],
) -> TokenStream {
    let (values, span) = match &property.complete {
        Some(Completion::List(list)) => (quote!(#list), list.span()),
        Some(Completion::Function { path, with }) => {
            let with = with.iter().map(|name| match given(name, parameters) {
                Some(Given::Argument(name)) => quote!(#filled.get(#name)),
                Some(Given::Context) | None => quote!(#context),
            });
            (quote!(#path(#typed #(, #with)*)), path.span())
        }
        None => {
            let value = &property.value;
            let words = quote! {{
                #[allow(unused_imports)]
                use ::casemate_guest_sdk::__private::{Described as _, Undescribed as _};
                (&&::casemate_guest_sdk::__private::Reading::<#value>::new()).words()
            }};
            (words, value.span())
        }
    };
    quote_spanned! {span=>
        ::casemate_guest_sdk::completion::Completion::suggest(#values, #typed)
    }
}
