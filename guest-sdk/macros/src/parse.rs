//! Reads what authors write: settings in attributes, and doc comments.

use proc_macro2::TokenStream;
use syn::{
    Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
};

/// `key` or `key = value` inside an attribute.
pub(crate) struct Setting {
    pub(crate) key: Ident,
    pub(crate) value: Option<Expr>,
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.call(Ident::parse_any)?;
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(_) => Some(input.parse()?),
            None => None,
        };
        Ok(Self { key, value })
    }
}

impl Setting {
    /// The value, which must be a string literal.
    pub(crate) fn string(self) -> syn::Result<LitStr> {
        let key = self.key;
        match self.value {
            Some(value) => string_literal(&value),
            None => Err(syn::Error::new(
                key.span(),
                format!("`{key}` needs a value: `{key} = \"…\"`"),
            )),
        }
    }

    /// The value, which must be a list of string literals.
    pub(crate) fn strings(self) -> syn::Result<Vec<LitStr>> {
        match &self.value {
            Some(Expr::Array(list)) => list.elems.iter().map(string_literal).collect(),
            Some(other) => Err(syn::Error::new_spanned(
                other,
                format!("`{0}` takes a list: `{0} = [\"…\"]`", self.key),
            )),
            None => Err(syn::Error::new(
                self.key.span(),
                format!("`{0}` needs a list: `{0} = [\"…\"]`", self.key),
            )),
        }
    }

    /// `true` if nothing else is said.
    pub(crate) fn flag(self) -> syn::Result<bool> {
        match self.value {
            None => Ok(true),
            Some(Expr::Lit(ExprLit {
                lit: Lit::Bool(flag),
                ..
            })) => Ok(flag.value),
            Some(other) => Err(syn::Error::new_spanned(other, "expected `true` or `false`")),
        }
    }

    /// The value, which must be there.
    pub(crate) fn expression(self) -> syn::Result<Expr> {
        let key = self.key;
        self.value.ok_or_else(|| {
            syn::Error::new(
                key.span(),
                format!("`{key}` needs a value: `{key} = value`"),
            )
        })
    }

    /// A setting that nobody knows.
    pub(crate) fn unknown(&self, known: &[&str]) -> syn::Error {
        let list = known.join("`, `");
        let message = format!(
            "unknown setting `{}`; expected one of `{list}`",
            self.key.unraw()
        );
        syn::Error::new(self.key.span(), message)
    }
}

/// The settings of one attribute.
pub(crate) fn settings(tokens: TokenStream) -> syn::Result<Vec<Setting>> {
    let list = Punctuated::<Setting, Token![,]>::parse_terminated.parse2(tokens)?;
    Ok(list.into_iter().collect())
}

/// What is inside the parentheses of an attribute.
pub(crate) fn attribute_tokens(attribute: &Attribute) -> syn::Result<TokenStream> {
    match &attribute.meta {
        Meta::List(list) => Ok(list.tokens.clone()),
        other => Err(syn::Error::new_spanned(
            other,
            "expected settings in parentheses: `#[arg(…)]`",
        )),
    }
}

/// The text of all doc comments, or none if there is none.
pub(crate) fn documentation(attributes: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = attributes.iter().filter_map(doc_line).collect();
    let text = lines.join("\n");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else {
        return None;
    };
    if !meta.path.is_ident("doc") {
        return None;
    }
    let text = string_literal(&meta.value).ok()?.value();
    // One space belongs to the comment marker; block comments carry several lines.
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    Some(lines.join("\n"))
}

fn string_literal(value: &Expr) -> syn::Result<LitStr> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Ok(text.clone()),
        other => Err(syn::Error::new_spanned(other, "expected a string literal")),
    }
}
