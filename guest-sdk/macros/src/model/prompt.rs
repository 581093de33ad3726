//! A prompt as its author means it.

use super::{each_once, one_context};
use crate::{
    errors::Errors,
    item::{self, Item},
    literal,
    parameter::{self, Parameter},
    parse,
};
use proc_macro2::TokenStream;
use syn::{ItemFn, LitStr, Type};

const KNOWN: &[&str] = &["title", "name"];

/// A prompt as its author means it.
pub(crate) struct Prompt {
    pub(crate) name: LitStr,
    pub(crate) title: Option<LitStr>,
    pub(crate) description: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) output: Type,
}

impl Prompt {
    /// Checks everything and takes the helper attributes off the function's parameters.
    pub(crate) fn new(settings: TokenStream, function: &mut ItemFn, errors: &mut Errors) -> Self {
        let (mut title, mut name) = (None, None);
        each_once(parse::settings(settings), errors, |setting| {
            match setting.key.to_string().as_str() {
                "title" => title = Some(setting.string()?),
                "name" => name = Some(setting.string()?),
                _ => return Err(setting.unknown(KNOWN)),
            }
            Ok(())
        });
        let signature = &mut function.sig;
        Item::Prompt.check(signature, errors);
        let name = name.unwrap_or_else(|| item::name_of(signature));
        errors.take(literal::checked(name.clone(), literal::prompt_name));
        let description = parse::documentation(&function.attrs).unwrap_or_else(|| {
            errors.at(
                &signature.ident,
                "a prompt needs a doc comment: it is the description that people read",
            );
            String::new()
        });
        let parameters: Vec<Parameter> = (signature.inputs.iter_mut())
            .filter_map(|input| parameter::parameter(input, Item::Prompt, errors))
            .collect();
        one_context(Item::Prompt, &parameters, errors);
        parameter::check_completions(&parameters, errors);
        let output = Item::Prompt.output(&signature.output, errors);
        if output.is_none() {
            errors.at(&signature.ident, "a prompt must return its messages");
        }
        Self {
            name,
            title,
            description,
            parameters,
            output: output.unwrap_or_else(|| syn::parse_quote!(())),
        }
    }
}
