//! What is printed for a prompt.

use super::{Body, complete, fallback_value, invocation, locals, reader};
use crate::{
    model::Prompt,
    parameter::{Parameter, Property},
};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, ItemFn, spanned::Spanned};

/// The implementations of `Prompt` and `Completes`.
pub(super) fn implementations(prompt: &Prompt, function: &ItemFn, body: Body) -> TokenStream {
    let name = &function.sig.ident;
    let prompt_name = &prompt.name;
    let completes = complete::implementation(&prompt.parameters, function, body);
    let body = match body {
        Body::Real => {
            let (describe, get) = (describe(prompt), get(prompt, function));
            quote!(#describe #get)
        }
        Body::StandIn => quote! {
            fn describe() -> ::casemate_guest_sdk::prompt::Descriptor {
                ::core::unreachable!()
            }
            fn get(
                _: ::casemate_guest_sdk::__private::Texts,
                _: &::casemate_guest_sdk::Cx,
            ) -> ::casemate_guest_sdk::prompt::GetResult {
                ::core::unreachable!()
            }
        },
    };
    quote! {
        #completes

        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        impl ::casemate_guest_sdk::prompt::Prompt for #name {
            const NAME: &'static str = #prompt_name;
            #body
        }
    }
}

fn describe(prompt: &Prompt) -> TokenStream {
    let option = |value: Option<TokenStream>| match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    };
    let title = option(prompt.title.as_ref().map(|title| quote!(#title)));
    let description = &prompt.description;
    let arguments = prompt.parameters.iter().filter_map(|parameter| {
        let Parameter::Property(property) = parameter else {
            return None;
        };
        let name = &property.name;
        let title = option(property.title.as_ref().map(|title| quote!(#title)));
        let description = option(property.description.as_ref().map(|text| quote!(#text)));
        let required = !property.optional && property.default.is_none();
        Some(quote!(::casemate_guest_sdk::prompt::Argument {
            name: #name,
            title: #title,
            description: #description,
            required: #required,
        }))
    });
    quote! {
        fn describe() -> ::casemate_guest_sdk::prompt::Descriptor {
            ::casemate_guest_sdk::prompt::Descriptor {
                name: <Self as ::casemate_guest_sdk::prompt::Prompt>::NAME,
                title: #title,
                description: #description,
                arguments: ::std::vec![#(#arguments),*],
            }
        }
    }
}

fn get(prompt: &Prompt, function: &ItemFn) -> TokenStream {
    let arguments = Ident::new("arguments", Span::mixed_site());
    let context = Ident::new("context", Span::mixed_site());
    let locals = locals(&prompt.parameters);
    let takes = prompt
        .parameters
        .iter()
        .zip(&locals)
        .map(|(parameter, local)| match parameter {
            Parameter::Property(property) => take(property, &arguments, local),
            _ => quote!(let #local = #context;),
        });
    let result = invocation(function, &locals);
    let output = &prompt.output;
    let outcome = quote_spanned!(output.span()=>
        <#output as ::casemate_guest_sdk::prompt::PromptOutput>::into_outcome(output)
    );
    quote! {
        #[allow(unused_mut, unused_variables)]
        fn get(
            mut #arguments: ::casemate_guest_sdk::__private::Texts,
            #context: &::casemate_guest_sdk::Cx,
        ) -> ::casemate_guest_sdk::prompt::GetResult {
            #(#takes)*
            #arguments.finish()?;
            let output = #result;
            #outcome
        }
    }
}

fn take(property: &Property, arguments: &Ident, local: &Ident) -> TokenStream {
    let Property { name, value, .. } = property;
    let reader = reader(property);
    let taken = if property.optional {
        quote_spanned!(value.span()=> #arguments.optional::<#value>(#name, #reader)?)
    } else if let Some(fallback) = &property.default {
        let fallback = fallback_value(fallback, value);
        quote_spanned!(value.span()=>
            #arguments.optional::<#value>(#name, #reader)?.unwrap_or_else(|| #fallback)
        )
    } else {
        quote_spanned!(value.span()=> #arguments.required::<#value>(#name, #reader)?)
    };
    quote!(let #local = #taken;)
}
