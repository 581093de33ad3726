//! Tools, prompts and resources as their authors mean them: attribute and function, checked
//! together.

mod prompt;
mod resource;
mod uri;

pub(crate) use prompt::Prompt;
pub(crate) use resource::Resource;
pub(crate) use uri::Piece;

use crate::{
    errors::Errors,
    item::{self, Item},
    literal,
    parameter::{self, Parameter},
    parse::{self, Setting},
};
use proc_macro2::TokenStream;
use syn::{Ident, ItemFn, LitStr, Type};

const KNOWN: &[&str] = &[
    "title",
    "name",
    "read_only",
    "destructive",
    "idempotent",
    "open_world",
    "hosts",
    "secrets",
    "optional_secrets",
    "reveal",
    "key_value",
    "client_capabilities",
    "task",
];

/// A tool as its author means it.
pub(crate) struct Tool {
    pub(crate) name: LitStr,
    pub(crate) description: String,
    pub(crate) settings: Settings,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) output: Type,
}

/// The settings in `#[tool(…)]`.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) title: Option<LitStr>,
    name: Option<LitStr>,
    pub(crate) read_only: Option<bool>,
    pub(crate) destructive: Option<bool>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) open_world: Option<bool>,
    pub(crate) hosts: Vec<LitStr>,
    pub(crate) secrets: Vec<LitStr>,
    pub(crate) optional_secrets: Vec<LitStr>,
    pub(crate) reveal: Vec<LitStr>,
    pub(crate) key_value: bool,
    pub(crate) client_capabilities: Vec<LitStr>,
    pub(crate) task: Option<LitStr>,
}

impl Tool {
    /// Checks everything and takes the helper attributes off the function's parameters.
    pub(crate) fn new(settings: TokenStream, function: &mut ItemFn, errors: &mut Errors) -> Self {
        let settings = Settings::new(settings, errors);
        let signature = &mut function.sig;
        Item::Tool.check(signature, errors);
        let name = settings.name.clone();
        let name = name.unwrap_or_else(|| item::name_of(signature));
        let name = errors
            .take(literal::checked(name.clone(), literal::tool_name))
            .unwrap_or(name);
        let description = parse::documentation(&function.attrs).unwrap_or_else(|| {
            errors.at(
                &signature.ident,
                "a tool needs a doc comment: it is the description that the model reads",
            );
            String::new()
        });
        let parameters: Vec<Parameter> = (signature.inputs.iter_mut())
            .filter_map(|input| parameter::parameter(input, Item::Tool, errors))
            .collect();
        one_context(Item::Tool, &parameters, errors);
        whole_alone(&parameters, errors);
        Self {
            name,
            description,
            settings,
            parameters,
            output: (Item::Tool.output(&signature.output, errors))
                .unwrap_or_else(|| syn::parse_quote!(())),
        }
    }
}

/// Refuses a second context.
fn one_context(item: Item, parameters: &[Parameter], errors: &mut Errors) {
    let contexts = parameters.iter().filter_map(|parameter| match parameter {
        Parameter::Context { ty, .. } => Some(ty),
        _ => None,
    });
    for second in contexts.skip(1) {
        errors.at(second, &format!("{} has only one context", item.one()));
    }
}

/// Refuses arguments beside one that takes all.
fn whole_alone(parameters: &[Parameter], errors: &mut Errors) {
    let arguments = parameters
        .iter()
        .filter(|parameter| !matches!(parameter, Parameter::Context { .. }));
    if arguments.count() < 2 {
        return;
    }
    for parameter in parameters {
        if let Parameter::Whole(ty) = parameter {
            errors.at(
                ty,
                "`flatten` takes the whole object, so it must be the only argument",
            );
        }
    }
}

/// Goes through settings, each of which may be given once. Gives their keys.
fn each_once(
    settings: syn::Result<Vec<Setting>>,
    errors: &mut Errors,
    mut set: impl FnMut(Setting) -> syn::Result<()>,
) -> Vec<Ident> {
    let mut seen = Vec::new();
    for setting in errors.take(settings).into_iter().flatten() {
        let key = setting.key.clone();
        if seen.contains(&key) {
            errors.at(&key, &format!("`{key}` is set twice"));
        }
        seen.push(key);
        if let Err(error) = set(setting) {
            errors.push(error);
        }
    }
    seen
}

impl Settings {
    fn new(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut all = Self::default();
        let seen = each_once(parse::settings(tokens), errors, |setting| all.set(setting));
        if let (Some(true), Some(true)) = (all.read_only, all.destructive) {
            let key = seen.iter().find(|key| *key == "destructive");
            errors.at(&key, "a read-only tool cannot be destructive");
        }
        all.check_lists(errors);
        all
    }

    fn set(&mut self, setting: Setting) -> syn::Result<()> {
        match setting.key.to_string().as_str() {
            "title" => self.title = Some(setting.string()?),
            "name" => self.name = Some(setting.string()?),
            "read_only" => self.read_only = Some(setting.flag()?),
            "destructive" => self.destructive = Some(setting.flag()?),
            "idempotent" => self.idempotent = Some(setting.flag()?),
            "open_world" => self.open_world = Some(setting.flag()?),
            "hosts" => self.hosts = setting.strings()?,
            "secrets" => self.secrets = setting.strings()?,
            "optional_secrets" => self.optional_secrets = setting.strings()?,
            "reveal" => self.reveal = setting.strings()?,
            "key_value" => self.key_value = setting.flag()?,
            "client_capabilities" => self.client_capabilities = setting.strings()?,
            "task" => self.task = Some(literal::checked(setting.string()?, literal::task)?),
            _ => return Err(setting.unknown(KNOWN)),
        }
        Ok(())
    }

    fn check_lists(&self, errors: &mut Errors) {
        for host in &self.hosts {
            errors.take(literal::checked(host.clone(), literal::host));
        }
        let mut seen: Vec<String> = Vec::new();
        for secret in self
            .secrets
            .iter()
            .chain(&self.optional_secrets)
            .chain(&self.reveal)
        {
            errors.take(literal::checked(secret.clone(), literal::secret_name));
            if seen.contains(&secret.value()) {
                errors.at(secret, "this secret is listed twice");
            }
            seen.push(secret.value());
        }
    }
}
