//! The macros of the guest SDK: `#[tool]`, `#[prompt]`, `#[resource]` and `export!`.
//!
//! An attribute works in three steps, one module each: `parse` reads the settings that authors
//! write, `model` checks them together with the function and collects every mistake, `expand`
//! prints the descriptor. The function itself is never rewritten: only doc comments and `#[arg]`
//! are taken off its parameters, because the language does not allow them there.

mod errors;
mod expand;
mod item;
mod literal;
mod model;
mod parameter;
mod parse;

use item::Item;
use proc_macro::TokenStream;

/// Makes a plain function, `async` or not, a tool.
///
/// The doc comment of the function becomes the description that the model reads. Parameters become
/// the input schema, the return type becomes the output. A parameter of type `&Cx` is the context
/// and does not show.
///
/// # Settings
///
/// | setting | meaning |
/// |---|---|
/// | `title = "…"` | a name for people |
/// | `name = "…"` | the tool's name, if it is not the function's |
/// | `read_only`, `destructive`, `idempotent`, `open_world` | hints for clients; `= false` denies one. What is not said stays at the cautious default: not read-only, may destroy, not idempotent, open world |
/// | `hosts = ["…"]` | hosts for outgoing HTTP: `api.example.com`, `*.example.com`, with port or `http://` if needed |
/// | `secrets = ["…"]` | secrets used through placeholders; a call without them is refused |
/// | `optional_secrets = ["…"]` | the same, but the tool works without them |
/// | `reveal = ["…"]` | secrets whose value the tool must see itself |
/// | `key_value` | the tool keeps values in the server's store |
/// | `client_capabilities = ["…"]` | what the client must be able to do |
/// | `task = "optional"`, `task = "required"` | calls may, or must, run as tasks that the client polls |
///
/// # Parameters
///
/// Doc comments on parameters become descriptions in the schema. `Option<T>` makes a parameter
/// optional. `#[arg(…)]` takes `default` (or `default = value`), `range = 1..=14`,
/// `example = value` (any number of times), and `flatten` on the only parameter, which then takes
/// the whole arguments object.
#[proc_macro_attribute]
pub fn tool(settings: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Item::Tool, settings.into(), item.into()).into()
}

/// Makes a plain function, `async` or not, a prompt: messages that a person picks from a menu.
///
/// The doc comment of the function becomes the description that people read, its parameters become
/// the arguments, and what it returns the messages. A parameter of type `&Cx` is the context and
/// does not show.
///
/// # Settings
///
/// | setting | meaning |
/// |---|---|
/// | `title = "…"` | a name for people |
/// | `name = "…"` | the prompt's name, if it is not the function's |
///
/// # Parameters
///
/// Clients send texts. A parameter takes a `String`, a type that implements `FromStr`, or an enum
/// that derives `Deserialize`; it must be filled in unless it is an `Option` or has a default.
/// `#[arg(…)]` takes `title = "…"`, `default` (or `default = value`) and `complete = …`, which the
/// module `completion` explains.
#[proc_macro_attribute]
pub fn prompt(settings: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Item::Prompt, settings.into(), item.into()).into()
}

/// Makes a plain function, `async` or not, a resource that clients read by URI, or a family of
/// them: `#[resource("notes://all")]`, `#[resource("notes://{id}/text")]`.
///
/// The doc comment of the function becomes the description. The variables of the URI are its
/// parameters, in any order: a `String`, a type that implements `FromStr`, or an enum that derives
/// `Deserialize`; a URI whose value cannot be read as that type does not exist. A parameter of
/// type `&Cx` is the context.
///
/// `{id}` stands for at least one character other than `/`, `?` and `#`; `{+path}` for at least one
/// of any kind. What a client has percent-encoded arrives decoded.
///
/// # Settings, after the URI
///
/// | setting | meaning |
/// |---|---|
/// | `title = "…"` | a name for people |
/// | `name = "…"` | the resource's name, if it is not the function's |
/// | `mime_type = "…"` | what it is; otherwise what the returned type says |
///
/// `#[arg(complete = …)]` on a parameter completes a variable; the module `completion` explains it.
#[proc_macro_attribute]
pub fn resource(settings: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(Item::Resource, settings.into(), item.into()).into()
}

/// Makes the crate a component: `export!(weather, alerts, prompt trip, resource station)`.
///
/// Tools are named, prompts and resources have the word before their name: a macro cannot see what a
/// name stands for. The component exports the interfaces of the contract that something is named for
/// and no others; with prompts or resources also that for completion. Outside a component (in
/// `cargo test`) only the names are checked. Use it once in a crate.
#[proc_macro]
pub fn export(items: TokenStream) -> TokenStream {
    expand::export(items.into()).into()
}
