//! A resource as its author means it.

use super::{
    each_once, one_context,
    uri::{self, Piece},
};
use crate::{
    errors::Errors,
    item::{self, Item},
    literal,
    parameter::{self, Parameter},
    parse::{self, Setting},
};
use proc_macro2::{Span, TokenStream};
use syn::{
    ItemFn, LitStr, Token, Type,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
};

const KNOWN: &[&str] = &["title", "name", "mime_type"];

/// A resource as its author means it.
pub(crate) struct Resource {
    pub(crate) uri: LitStr,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) name: LitStr,
    pub(crate) title: Option<LitStr>,
    pub(crate) mime_type: Option<LitStr>,
    pub(crate) description: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) output: Type,
}

impl Resource {
    /// Checks everything and takes the helper attributes off the function's parameters.
    pub(crate) fn new(settings: TokenStream, function: &mut ItemFn, errors: &mut Errors) -> Self {
        let (uri, settings) = match arguments.parse2(settings) {
            Ok((uri, settings)) => (Some(uri), Ok(settings)),
            Err(error) => (None, Err(error)),
        };
        let (mut title, mut name, mut mime_type) = (None, None, None);
        each_once(settings, errors, |setting| {
            match setting.key.to_string().as_str() {
                "title" => title = Some(setting.string()?),
                "name" => {
                    name = Some(literal::checked(setting.string()?, literal::resource_name)?);
                }
                "mime_type" => {
                    mime_type = Some(literal::checked(setting.string()?, literal::mime_type)?);
                }
                _ => return Err(setting.unknown(KNOWN)),
            }
            Ok(())
        });
        let signature = &mut function.sig;
        Item::Resource.check(signature, errors);
        let description = parse::documentation(&function.attrs).unwrap_or_else(|| {
            errors.at(
                &signature.ident,
                "a resource needs a doc comment: it says what is in it",
            );
            String::new()
        });
        let parameters: Vec<Parameter> = (signature.inputs.iter_mut())
            .filter_map(|input| parameter::parameter(input, Item::Resource, errors))
            .collect();
        one_context(Item::Resource, &parameters, errors);
        parameter::check_completions(&parameters, errors);
        let pieces = uri.as_ref().and_then(|uri| {
            let pieces = uri::pieces(&uri.value());
            let pieces = errors.take(pieces.map_err(|why| syn::Error::new(uri.span(), why)))?;
            same_variables(uri, &pieces, &parameters, errors);
            Some(pieces)
        });
        let output = Item::Resource.output(&signature.output, errors);
        if output.is_none() {
            errors.at(&signature.ident, "a resource must return what is in it");
        }
        Self {
            uri: uri.unwrap_or_else(|| LitStr::new("", Span::call_site())),
            pieces: pieces.unwrap_or_default(),
            name: name.unwrap_or_else(|| item::name_of(signature)),
            title,
            mime_type,
            description,
            parameters,
            output: output.unwrap_or_else(|| syn::parse_quote!(())),
        }
    }
}

/// The URI, then settings.
fn arguments(input: ParseStream<'_>) -> syn::Result<(LitStr, Vec<Setting>)> {
    if !input.peek(LitStr) {
        let span = match input.is_empty() {
            true => Span::call_site(),
            false => input.span(),
        };
        let message = "a resource begins with its URI: `#[resource(\"notes://all\")]`";
        return Err(syn::Error::new(span, message));
    }
    let uri = input.parse()?;
    if input.parse::<Option<Token![,]>>()?.is_none() && !input.is_empty() {
        return Err(input.error("expected `,`"));
    }
    let settings = Punctuated::<Setting, Token![,]>::parse_terminated(input)?;
    Ok((uri, settings.into_iter().collect()))
}

/// Refuses variables without a parameter, and parameters without a variable.
fn same_variables(uri: &LitStr, pieces: &[Piece], parameters: &[Parameter], errors: &mut Errors) {
    let properties = || {
        parameters.iter().filter_map(|parameter| match parameter {
            Parameter::Property(property) => Some(property),
            _ => None,
        })
    };
    for variable in pieces.iter().filter_map(Piece::variable) {
        if !properties().any(|property| property.name == variable) {
            let message = format!("the variable `{{{variable}}}` needs a parameter of this name");
            errors.at(uri, &message);
        }
    }
    for property in properties() {
        let name = &property.name;
        if !pieces.iter().any(|piece| piece.variable() == Some(name)) {
            let message = format!("`{name}` is not in the URI: write `{{{name}}}` where it stands");
            errors.at(&property.ident, &message);
        } else if property.optional {
            let message = "a variable always has a value: write the type without `Option`";
            errors.at(&property.value, message);
        }
    }
}
