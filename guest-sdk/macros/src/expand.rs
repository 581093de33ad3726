//! Prints the function as it was, and its descriptor beside it.
//!
//! The descriptor is an empty type with the name of the function. Functions and types live in
//! different namespaces, so both can be called `weather`, and both are imported together.

use crate::{
    errors::Errors,
    model::{self, Settings, Tool},
    parameter::{Fallback, Parameter, Property},
};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, ExprLit, Ident, ItemFn, Lit, Type, spanned::Spanned};

/// The whole work of the attribute.
pub(crate) fn tool(settings: TokenStream, item: TokenStream) -> TokenStream {
    let mut function = match model::function(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = error.into_compile_error();
            return quote!(#error #item);
        }
    };
    let mut errors = Errors::default();
    let tool = Tool::new(settings, &mut function, &mut errors);
    let Some(error) = errors.into_error() else {
        let descriptor = descriptor(&function, &tool, &descriptor_body(&tool, &function));
        return quote!(#function #descriptor);
    };
    let error = error.into_compile_error();
    if function.sig.receiver().is_some() {
        // Inside an `impl` no descriptor can stand.
        return quote!(#error #function);
    }
    let descriptor = descriptor(&function, &tool, &failed_body());
    quote!(#error #function #descriptor)
}

fn descriptor(function: &ItemFn, tool: &Tool, body: &TokenStream) -> TokenStream {
    let visibility = &function.vis;
    let name = &function.sig.ident;
    let tool_name = &tool.name;
    quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types, missing_docs, missing_debug_implementations, dead_code)]
        #visibility enum #name {}

        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        impl ::casemate_guest_sdk::tool::Tool for #name {
            const NAME: &'static str = #tool_name;
            #body
        }
    }
}

/// With mistakes, a descriptor that only compiles: `export!` shall not add errors of its own.
fn failed_body() -> TokenStream {
    quote! {
        fn describe() -> ::casemate_guest_sdk::tool::Descriptor {
            ::core::unreachable!()
        }
        fn call(
            _: ::casemate_guest_sdk::__private::Arguments,
            _: &::casemate_guest_sdk::Cx,
        ) -> ::casemate_guest_sdk::tool::CallResult {
            ::core::unreachable!()
        }
    }
}

fn descriptor_body(tool: &Tool, function: &ItemFn) -> TokenStream {
    let inputs = input_schema(&tool.parameters);
    let settings = settings(&tool.settings);
    let description = &tool.description;
    let output_type = &tool.output;
    let call = call(tool, function);
    quote! {
        fn describe() -> ::casemate_guest_sdk::tool::Descriptor {
            let inputs = #inputs;
            ::casemate_guest_sdk::tool::Descriptor {
                #settings
                ..::casemate_guest_sdk::tool::Descriptor::new(
                    <Self as ::casemate_guest_sdk::tool::Tool>::NAME,
                    #description,
                    inputs,
                    <#output_type as ::casemate_guest_sdk::output::Output<_>>::schema(),
                )
            }
        }
        #call
    }
}

fn settings(settings: &Settings) -> TokenStream {
    let title = settings.title.iter();
    let flag = |flag: Option<bool>| match flag {
        Some(flag) => quote!(::core::option::Option::Some(#flag)),
        None => quote!(::core::option::Option::None),
    };
    let read_only = flag(settings.read_only);
    let destructive = flag(settings.destructive);
    let idempotent = flag(settings.idempotent);
    let open_world = flag(settings.open_world);
    let Settings {
        hosts,
        key_value,
        client_capabilities,
        ..
    } = settings;
    let secrets = settings.secrets.iter().map(|name| quote!(required(#name)));
    let optional = settings
        .optional_secrets
        .iter()
        .map(|name| quote!(optional(#name)));
    let reveal = settings.reveal.iter().map(|name| quote!(revealed(#name)));
    let needs = secrets.chain(optional).chain(reveal);
    quote! {
        #(title: ::core::option::Option::Some(#title),)*
        annotations: ::casemate_guest_sdk::tool::Annotations {
            read_only: #read_only,
            destructive: #destructive,
            idempotent: #idempotent,
            open_world: #open_world,
        },
        needs: ::casemate_guest_sdk::tool::Needs {
            secrets: ::std::vec![#(::casemate_guest_sdk::tool::SecretNeed::#needs),*],
            hosts: ::std::vec![#(#hosts),*],
            key_value: #key_value,
            client_capabilities: ::std::vec![#(#client_capabilities),*],
        },
    }
}

fn input_schema(parameters: &[Parameter]) -> TokenStream {
    for parameter in parameters {
        if let Parameter::Whole(ty) = parameter {
            return quote_spanned!(ty.span()=> ::casemate_guest_sdk::schema::input::<#ty>());
        }
    }
    let properties = parameters.iter().filter_map(|parameter| match parameter {
        Parameter::Property(property) => Some(property_schema(property)),
        _ => None,
    });
    quote! {{
        #[allow(unused_mut)]
        let mut inputs = ::casemate_guest_sdk::__private::Inputs::new();
        #(#properties)*
        inputs.finish()
    }}
}

fn property_schema(property: &Property) -> TokenStream {
    let Property {
        name,
        value,
        description,
        range,
        ..
    } = property;
    let presence = match property.optional || property.default.is_some() {
        true => format_ident!("optional", span = value.span()),
        false => format_ident!("required", span = value.span()),
    };
    let start = quote_spanned!(value.span()=> inputs.#presence::<#value>(#name));
    let description = description.iter();
    let range = range
        .iter()
        .map(|range| quote_spanned!(range.span()=> .range::<#value>(&(#range))));
    let default = property.default.iter().map(|fallback| {
        let fallback = fallback_value(fallback, value);
        quote!(.default_value::<#value>(&#fallback))
    });
    let examples = property.examples.iter().map(|example| {
        let example = typed(example, value);
        quote!(.example::<#value>(&#example))
    });
    quote!(#start #(.description(#description))* #(#range)* #(#default)* #(#examples)*;)
}

fn call(tool: &Tool, function: &ItemFn) -> TokenStream {
    let arguments = Ident::new("arguments", Span::mixed_site());
    let context = Ident::new("context", Span::mixed_site());
    let locals: Vec<Ident> = (0..tool.parameters.len())
        .map(|index| Ident::new(&format!("argument_{index}"), Span::mixed_site()))
        .collect();
    let takes = tool
        .parameters
        .iter()
        .zip(&locals)
        .map(|(parameter, local)| match parameter {
            Parameter::Context(_) => quote!(let #local = #context;),
            Parameter::Whole(ty) => quote_spanned!(ty.span()=>
                let #local: #ty = #arguments.whole::<#ty>()?;
            ),
            Parameter::Property(property) => take(property, &arguments, local),
        });
    let name = &function.sig.ident;
    let result = match function.sig.asyncness {
        Some(_) => quote!(::casemate_guest_sdk::__private::run(#name(#(#locals),*))?),
        None => quote!(#name(#(#locals),*)),
    };
    let output = &tool.output;
    let outcome = quote_spanned!(output.span()=>
        <#output as ::casemate_guest_sdk::output::Output<_>>::into_outcome(output)
    );
    quote! {
        #[allow(unused_mut, unused_variables)]
        fn call(
            mut #arguments: ::casemate_guest_sdk::__private::Arguments,
            #context: &::casemate_guest_sdk::Cx,
        ) -> ::casemate_guest_sdk::tool::CallResult {
            #(#takes)*
            #arguments.finish()?;
            let output = #result;
            #outcome
        }
    }
}

fn take(property: &Property, arguments: &Ident, local: &Ident) -> TokenStream {
    let Property { name, value, .. } = property;
    let taken = if property.optional {
        quote_spanned!(value.span()=> #arguments.optional::<#value>(#name)?)
    } else if let Some(fallback) = &property.default {
        let fallback = fallback_value(fallback, value);
        quote_spanned!(value.span()=> #arguments.or_else::<#value>(#name, || #fallback)?)
    } else {
        quote_spanned!(value.span()=> #arguments.required::<#value>(#name)?)
    };
    let check = property.range.iter().map(|range| {
        let check = |checked: TokenStream| {
            quote_spanned!(range.span()=>
                ::casemate_guest_sdk::__private::in_range::<#value>(#name, #checked, &(#range))?;
            )
        };
        if property.optional {
            let check = check(quote!(value));
            quote!(if let ::core::option::Option::Some(value) = &#local { #check })
        } else {
            check(quote!(&#local))
        }
    });
    quote!(let #local = #taken; #(#check)*)
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
