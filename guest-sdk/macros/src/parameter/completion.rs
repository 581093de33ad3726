//! `complete = …`: what to suggest for a parameter.

use crate::{errors::Errors, parameter::Parameter};
use syn::{Expr, ExprPath, Ident, ext::IdentExt};

/// What to suggest for a parameter.
pub(crate) enum Completion {
    /// `["draft", "final"]`
    List(Expr),
    /// `cities`, or `cities(country, cx)`
    Function { path: ExprPath, with: Vec<Ident> },
}

/// What a completion gets besides what is typed.
pub(crate) enum Given {
    /// Another argument, if it is filled in.
    Argument(String),
    Context,
}

impl Completion {
    /// Reads what the author wrote.
    pub(crate) fn new(expression: Expr) -> syn::Result<Self> {
        match expression {
            Expr::Array(_) => Ok(Self::List(expression)),
            Expr::Path(path) => Ok(Self::Function {
                path,
                with: Vec::new(),
            }),
            Expr::Call(call) => {
                let Expr::Path(path) = *call.func else {
                    return Err(not_understood(&call.func));
                };
                let with = call.args.iter().map(|given| match given {
                    Expr::Path(name) => name
                        .path
                        .get_ident()
                        .cloned()
                        .ok_or_else(|| not_understood(given)),
                    _ => Err(not_understood(given)),
                });
                let with = with.collect::<syn::Result<_>>()?;
                Ok(Self::Function { path, with })
            }
            other => Err(not_understood(&other)),
        }
    }

    /// Refuses what no parameter is called.
    pub(crate) fn check(&self, parameters: &[Parameter], errors: &mut Errors) {
        let Self::Function { with, .. } = self else {
            return;
        };
        for name in with {
            if given(name, parameters).is_none() {
                let message = format!("`{name}` is not a parameter of this function");
                errors.at(name, &message);
            }
        }
    }
}

/// What a name in a completion stands for.
pub(crate) fn given(name: &Ident, parameters: &[Parameter]) -> Option<Given> {
    parameters.iter().find_map(|parameter| match parameter {
        Parameter::Context {
            name: Some(context),
            ..
        } if context == name => Some(Given::Context),
        Parameter::Property(property) if *name == property.ident => {
            Some(Given::Argument(name.unraw().to_string()))
        }
        _ => None,
    })
}

fn not_understood(expression: &Expr) -> syn::Error {
    syn::Error::new_spanned(
        expression,
        "expected a list of texts, a function, or a function with names of parameters: `[\"a\", \"b\"]`, `cities`, `cities(country, cx)`",
    )
}
