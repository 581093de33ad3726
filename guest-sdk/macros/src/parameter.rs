//! One parameter: what it is called, what it takes and what is said about it.

mod completion;

pub(crate) use completion::{Completion, Given, given};

use crate::{errors::Errors, item::Item, parse};
use syn::{
    Attribute, Expr, FnArg, GenericArgument, Ident, LitStr, Pat, PathArguments, Type, ext::IdentExt,
};

/// What a parameter is for.
pub(crate) enum Parameter {
    /// `&Cx`.
    Context {
        ty: Box<Type>,
        /// For completions, which may want it too.
        name: Option<Ident>,
    },
    /// One property of the arguments.
    Property(Box<Property>),
    /// The whole arguments object.
    Whole(Box<Type>),
}

/// One property of the arguments.
pub(crate) struct Property {
    /// As the function writes it.
    pub(crate) ident: Ident,
    /// As clients write it.
    pub(crate) name: String,
    /// The type, without `Option`.
    pub(crate) value: Type,
    /// Whether the type is an `Option`.
    pub(crate) optional: bool,
    /// The doc comment.
    pub(crate) description: Option<String>,
    /// What to take if it is missing.
    pub(crate) default: Option<Fallback>,
    /// Where it must lie.
    pub(crate) range: Option<Expr>,
    /// To show.
    pub(crate) examples: Vec<Expr>,
    /// A name for people.
    pub(crate) title: Option<LitStr>,
    /// What to suggest.
    pub(crate) complete: Option<Completion>,
}

/// What to take if a property is missing.
pub(crate) enum Fallback {
    /// `Default::default()`.
    Standard,
    /// This.
    Value(Expr),
}

/// Reads one parameter and takes its doc comments and `#[arg]` off.
pub(crate) fn parameter(input: &mut FnArg, item: Item, errors: &mut Errors) -> Option<Parameter> {
    let input = match input {
        FnArg::Receiver(receiver) => {
            let message = format!("{} is a plain function, without `self`", item.one());
            errors.at(&receiver.self_token, &message);
            return None;
        }
        FnArg::Typed(input) => input,
    };
    let hints = Hints::take(&mut input.attrs, item, errors);
    if let Type::Reference(reference) = &*input.ty {
        if is_named(&reference.elem, "Cx") && reference.mutability.is_none() {
            hints.none_allowed(errors);
            return Some(Parameter::Context {
                ty: input.ty.clone(),
                name: plain_name(&input.pat).cloned(),
            });
        }
        errors.at(&input.ty, borrowed(&reference.elem));
        return None;
    }
    if is_named(&input.ty, "Cx") {
        errors.at(&input.ty, "the context is borrowed: write `&Cx`");
        return None;
    }
    if matches!(&*input.ty, Type::ImplTrait(_)) {
        let message = format!("{} cannot be generic: name the type", item.one());
        errors.at(&input.ty, &message);
        return None;
    }
    if hints.flatten.is_some() {
        hints.alone(errors);
        return Some(Parameter::Whole(input.ty.clone()));
    }
    let ident = name(&input.pat, item, errors)?.clone();
    Some(Parameter::Property(Box::new(
        hints.property(ident, &input.ty, errors),
    )))
}

/// What is said about a parameter.
#[derive(Default)]
struct Hints {
    description: Option<String>,
    default: Option<(Ident, Fallback)>,
    range: Option<(Ident, Expr)>,
    examples: Vec<(Ident, Expr)>,
    flatten: Option<Ident>,
    title: Option<(Ident, LitStr)>,
    complete: Option<(Ident, Completion)>,
}

impl Hints {
    fn take(attributes: &mut Vec<Attribute>, item: Item, errors: &mut Errors) -> Self {
        let mut hints = Self {
            description: parse::documentation(attributes),
            ..Self::default()
        };
        for attribute in attributes.iter().filter(|a| a.path().is_ident("arg")) {
            let settings = parse::attribute_tokens(attribute).and_then(parse::settings);
            for setting in errors.take(settings).into_iter().flatten() {
                if let Err(error) = hints.set(setting, item) {
                    errors.push(error);
                }
            }
        }
        attributes.retain(|a| !a.path().is_ident("arg") && !a.path().is_ident("doc"));
        hints
    }

    fn set(&mut self, setting: parse::Setting, item: Item) -> syn::Result<()> {
        let key = setting.key.clone();
        let known = item.argument_settings();
        if !known.iter().any(|known| key == known) {
            return Err(setting.unknown(known));
        }
        let repeated = if key == "default" {
            let fallback = setting.value.map_or(Fallback::Standard, Fallback::Value);
            self.default.replace((key.clone(), fallback)).is_some()
        } else if key == "range" {
            self.range
                .replace((key.clone(), setting.expression()?))
                .is_some()
        } else if key == "example" {
            self.examples.push((key.clone(), setting.expression()?));
            false
        } else if key == "title" {
            self.title
                .replace((key.clone(), setting.string()?))
                .is_some()
        } else if key == "complete" {
            let complete = Completion::new(setting.expression()?)?;
            self.complete.replace((key.clone(), complete)).is_some()
        } else {
            self.flatten.replace(key.clone()).is_some()
        };
        match repeated {
            true => Err(syn::Error::new(key.span(), format!("`{key}` is set twice"))),
            false => Ok(()),
        }
    }

    /// The property of this name and type.
    fn property(self, ident: Ident, ty: &Type, errors: &mut Errors) -> Property {
        let (value, optional) = match option_of(ty) {
            Some(inner) => (inner.clone(), true),
            None => (ty.clone(), false),
        };
        if let (true, Some((key, _))) = (optional, &self.default) {
            errors.at(
                key,
                "an `Option` is `None` by default; write the bare type to give another",
            );
        }
        let examples = self.examples.into_iter();
        Property {
            name: ident.unraw().to_string(),
            ident,
            value,
            optional,
            description: self.description,
            default: self.default.map(|(_, fallback)| fallback),
            range: self.range.map(|(_, range)| range),
            examples: examples.map(|(_, example)| example).collect(),
            title: self.title.map(|(_, title)| title),
            complete: self.complete.map(|(_, complete)| complete),
        }
    }

    /// The context takes no hints.
    fn none_allowed(&self, errors: &mut Errors) {
        for key in self.schema_keys().chain(&self.flatten) {
            errors.at(key, "the context is not an argument and takes no settings");
        }
    }

    /// A parameter that takes the whole object says everything in its type.
    fn alone(&self, errors: &mut Errors) {
        for key in self.schema_keys() {
            errors.at(
                key,
                "`flatten` takes no other settings: put them on the fields of the type",
            );
        }
    }

    fn schema_keys(&self) -> impl Iterator<Item = &Ident> {
        let default = self.default.iter().map(|(key, _)| key);
        let range = self.range.iter().map(|(key, _)| key);
        let examples = self.examples.iter().map(|(key, _)| key);
        let title = self.title.iter().map(|(key, _)| key);
        let complete = self.complete.iter().map(|(key, _)| key).chain(title);
        default.chain(range).chain(examples).chain(complete)
    }
}

fn name<'a>(pattern: &'a Pat, item: Item, errors: &mut Errors) -> Option<&'a Ident> {
    let name = plain_name(pattern);
    if name.is_none() {
        let message = format!(
            "{}'s parameter needs a name: clients call it by that name",
            item.one()
        );
        errors.at(pattern, &message);
    }
    name
}

fn plain_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Some(&name.ident),
        _ => None,
    }
}

fn borrowed(referent: &Type) -> &'static str {
    match referent {
        Type::Path(path) if path.path.is_ident("str") => "arguments are owned: write `String`",
        Type::Slice(_) => "arguments are owned: write `Vec<…>`",
        inner if is_named(inner, "Cx") => "the context is shared: write `&Cx`",
        _ => "arguments are owned: write the type without `&`",
    }
}

fn is_named(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == name),
        _ => false,
    }
}

fn option_of(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == "Option")?;
    match &last.arguments {
        PathArguments::AngleBracketed(list) => {
            list.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(inner) => Some(inner),
                _ => None,
            })
        }
        _ => None,
    }
}

/// Refuses completions that want what is not there.
pub(crate) fn check_completions(parameters: &[Parameter], errors: &mut Errors) {
    for parameter in parameters {
        if let Parameter::Property(property) = parameter
            && let Some(complete) = &property.complete
        {
            complete.check(parameters, errors);
        }
    }
}
