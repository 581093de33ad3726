//! What is printed for a tool.

use super::{Body, fallback_value, invocation, locals, typed};
use crate::{
    model::{Settings, Tool},
    parameter::{Parameter, Property},
};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, ItemFn, LitStr, spanned::Spanned};

/// The implementation of `Tool`.
pub(super) fn implementation(tool: &Tool, function: &ItemFn, body: Body) -> TokenStream {
    let name = &function.sig.ident;
    let tool_name = &tool.name;
    let body = match body {
        Body::Real => real(tool, function),
        Body::StandIn => stand_in(),
    };
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        impl ::casemate_guest_sdk::tool::Tool for #name {
            const NAME: &'static str = #tool_name;
            #body
        }
    }
}

fn stand_in() -> TokenStream {
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

fn real(tool: &Tool, function: &ItemFn) -> TokenStream {
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
    let task = match settings.task.as_ref().map(LitStr::value).as_deref() {
        Some("optional") => quote!(Optional),
        Some("required") => quote!(Required),
        _ => quote!(Forbidden),
    };
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
        task: ::casemate_guest_sdk::tool::TaskSupport::#task,
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
    let locals = locals(&tool.parameters);
    let takes = tool
        .parameters
        .iter()
        .zip(&locals)
        .map(|(parameter, local)| match parameter {
            Parameter::Context { .. } => quote!(let #local = #context;),
            Parameter::Whole(ty) => quote_spanned!(ty.span()=>
                let #local: #ty = #arguments.whole::<#ty>()?;
            ),
            Parameter::Property(property) => take(property, &arguments, local),
        });
    let result = invocation(function, &locals);
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
