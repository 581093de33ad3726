//! Prints the function as it was, and its descriptor beside it.
//!
//! The descriptor is an empty type with the name of the function. Functions and types live in
//! different namespaces, so both can be called `weather`, and both are imported together.

mod complete;
mod export;
mod prompt;
mod resource;
mod tool;

pub(crate) use export::export;

use crate::{
    errors::Errors,
    item::Item,
    model::{Prompt, Resource, Tool},
    parameter::{Fallback, Parameter, Property},
};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, ExprLit, Ident, ItemFn, Lit, Type, spanned::Spanned};

/// The implementations of a descriptor, or stand-ins that only compile: after a mistake, `export!`
/// shall not add errors of its own.
#[derive(Clone, Copy)]
enum Body {
    Real,
    StandIn,
}

/// What the author meant.
enum Model {
    Tool(Tool),
    Prompt(Prompt),
    Resource(Resource),
}

impl Model {
    fn new(item: Item, settings: TokenStream, function: &mut ItemFn, errors: &mut Errors) -> Self {
        match item {
            Item::Tool => Self::Tool(Tool::new(settings, function, errors)),
            Item::Prompt => Self::Prompt(Prompt::new(settings, function, errors)),
            Item::Resource => Self::Resource(Resource::new(settings, function, errors)),
        }
    }

    fn implementations(&self, function: &ItemFn, body: Body) -> TokenStream {
        match self {
            Self::Tool(tool) => tool::implementation(tool, function, body),
            Self::Prompt(prompt) => prompt::implementations(prompt, function, body),
            Self::Resource(resource) => resource::implementations(resource, function, body),
        }
    }
}

/// The whole work of an attribute.
pub(crate) fn attribute(item: Item, settings: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut function = match item.function(tokens.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = error.into_compile_error();
            return quote!(#error #tokens);
        }
    };
    let mut errors = Errors::default();
    let model = Model::new(item, settings, &mut function, &mut errors);
    let Some(error) = errors.into_error() else {
        let descriptor = descriptor(&function, &model.implementations(&function, Body::Real));
        return quote!(#function #descriptor);
    };
    let error = error.into_compile_error();
    if function.sig.receiver().is_some() {
        // Inside an `impl` no descriptor can stand.
        return quote!(#error #function);
    }
    let descriptor = descriptor(&function, &model.implementations(&function, Body::StandIn));
    quote!(#error #function #descriptor)
}

fn descriptor(function: &ItemFn, implementations: &TokenStream) -> TokenStream {
    let visibility = &function.vis;
    let name = &function.sig.ident;
    quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types, missing_docs, missing_debug_implementations, dead_code)]
        #visibility enum #name {}

        #implementations
    }
}

/// One local variable for each parameter.
fn locals(parameters: &[Parameter]) -> Vec<Ident> {
    (0..parameters.len())
        .map(|index| Ident::new(&format!("argument_{index}"), Span::mixed_site()))
        .collect()
}

/// The call of the function with these.
fn invocation(function: &ItemFn, locals: &[Ident]) -> TokenStream {
    let name = &function.sig.ident;
    match function.sig.asyncness {
        Some(_) => quote!(::casemate_guest_sdk::__private::run(#name(#(#locals),*))?),
        None => quote!(#name(#(#locals),*)),
    }
}

fn fallback_value(fallback: &Fallback, ty: &Type) -> TokenStream {
    match fallback {
        Fallback::Standard => {
            quote_spanned!(ty.span()=> <#ty as ::core::default::Default>::default())
        }
        Fallback::Value(value) => typed(value, ty),
    }
}

/// A value of the parameter's type; a string literal may stand for a `String`.
fn typed(value: &Expr, ty: &Type) -> TokenStream {
    let is_text = matches!(
        value,
        Expr::Lit(ExprLit {
            lit: Lit::Str(_),
            ..
        })
    );
    let converted = if is_text {
        quote_spanned!(value.span()=> ::core::convert::Into::into(#value))
    } else {
        quote!(#value)
    };
    quote_spanned!(value.span()=> { let value: #ty = #converted; value })
}

/// How a property is read from text.
fn reader(property: &Property) -> TokenStream {
    let value = &property.value;
    let reading = quote_spanned!(value.span()=>
        (&&&::casemate_guest_sdk::__private::Reading::<#value>::new()).reader().get()
    );
    quote! {{
        #[allow(unused_imports)]
        use ::casemate_guest_sdk::__private::{Deserialized as _, Parsed as _, Unread as _};
        #reading
    }}
}
