//! What the attributes make, and what goes for all of it.

use crate::errors::Errors;
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{ItemFn, LitStr, ReturnType, Signature, Type, ext::IdentExt, spanned::Spanned};

/// What an attribute makes of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    Tool,
    Prompt,
    Resource,
}

impl Item {
    /// With its article, for sentences.
    pub(crate) fn one(self) -> &'static str {
        match self {
            Self::Tool => "a tool",
            Self::Prompt => "a prompt",
            Self::Resource => "a resource",
        }
    }

    /// The attribute, and the word in `export!`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
        }
    }

    /// What `#[arg(…)]` may say.
    pub(crate) fn argument_settings(self) -> &'static [&'static str] {
        match self {
            Self::Tool => &["default", "range", "example", "flatten"],
            Self::Prompt => &["title", "default", "complete"],
            Self::Resource => &["complete"],
        }
    }

    /// The tokens of something that must be a function, or the mistake.
    pub(crate) fn function(self, tokens: TokenStream) -> syn::Result<ItemFn> {
        let span = tokens.clone().into_iter().next().map(|first| first.span());
        let item: syn::Item = syn::parse2(tokens)?;
        match item {
            syn::Item::Fn(function) => Ok(function),
            other => Err(syn::Error::new(
                span.unwrap_or_else(|| other.to_token_stream().span()),
                format!("`#[{}]` goes on a function", self.word()),
            )),
        }
    }

    /// Refuses functions that nobody could call.
    pub(crate) fn check(self, signature: &Signature, errors: &mut Errors) {
        if signature.generics.params.iter().next().is_some() {
            let message = format!("{} cannot be generic: name the types", self.one());
            errors.at(&signature.generics, &message);
        }
        if let Some(token) = &signature.unsafety {
            let message = format!("{} cannot be unsafe to call", self.one());
            errors.at(token, &message);
        }
    }

    /// The type that the function returns.
    pub(crate) fn output(self, output: &ReturnType, errors: &mut Errors) -> Option<Type> {
        match output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => {
                if matches!(**ty, Type::ImplTrait(_)) {
                    let message = format!("{} must name the type that it returns", self.one());
                    errors.at(ty, &message);
                }
                Some((**ty).clone())
            }
        }
    }
}

/// The name of the function, as a text.
pub(crate) fn name_of(signature: &Signature) -> LitStr {
    LitStr::new(&signature.ident.unraw().to_string(), signature.ident.span())
}
