//! The `#[tool]` attribute of the guest SDK.
//!
//! It works in three steps, one module each: `parse` reads the settings that authors write,
//! `model` checks them together with the function and collects every mistake, `expand` prints
//! the descriptor. The function itself is never rewritten: only doc comments and `#[arg]` are taken
//! off its parameters, because the language does not allow them there.

mod errors;
mod expand;
mod literal;
mod model;
mod parameter;
mod parse;

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
///
/// # Parameters
///
/// Doc comments on parameters become descriptions in the schema. `Option<T>` makes a parameter
/// optional. `#[arg(…)]` takes `default` (or `default = value`), `range = 1..=14`,
/// `example = value` (any number of times), and `flatten` on the only parameter, which then takes
/// the whole arguments object.
#[proc_macro_attribute]
pub fn tool(settings: TokenStream, item: TokenStream) -> TokenStream {
    expand::tool(settings.into(), item.into()).into()
}
