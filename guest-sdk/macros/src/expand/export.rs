//! `export!`.
//!
//! A macro cannot know what a name stands for, and which interfaces a component exports has to be
//! known before types are. So authors write it: a bare name is a tool.

use crate::item::Item;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    Ident, Token, Type,
    ext::IdentExt,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
};

/// `weather`, or `prompt trip`.
struct Exported {
    item: Item,
    ty: Type,
}

impl Parse for Exported {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        let word = ahead.call(Ident::parse_any).ok();
        let items = [Item::Tool, Item::Prompt, Item::Resource];
        let item = word.and_then(|word| items.into_iter().find(|item| word == item.word()));
        // Something may be called `prompt` itself, or be in a module of that name.
        let is_word = ahead.peek(Ident::peek_any);
        let item = match item.filter(|_| is_word) {
            Some(item) => {
                input.call(Ident::parse_any)?;
                item
            }
            None => Item::Tool,
        };
        let ty = input.parse()?;
        Ok(Self { item, ty })
    }
}

/// The whole work of `export!`.
pub(crate) fn export(tokens: TokenStream) -> TokenStream {
    let parser = Punctuated::<Exported, Token![,]>::parse_terminated;
    let exported: Vec<Exported> = match parser.parse2(tokens) {
        Ok(exported) => exported.into_iter().collect(),
        Err(error) => return error.into_compile_error(),
    };
    if exported.is_empty() {
        return quote!(::core::compile_error! {
            "name what to export: `export!(weather, prompt trip, resource station)`"
        });
    }
    let of = |wanted: Item| -> Vec<&Type> {
        let some = exported.iter().filter(|exported| exported.item == wanted);
        some.map(|exported| &exported.ty).collect()
    };
    let (tools, prompts, resources) = (of(Item::Tool), of(Item::Prompt), of(Item::Resource));
    let prompts_component =
        (!prompts.is_empty()).then(|| quote!(::casemate_guest_sdk::__export_prompts! { PROMPTS }));
    let resources_component = (!resources.is_empty())
        .then(|| quote!(::casemate_guest_sdk::__export_resources! { RESOURCES }));
    let completes = !prompts.is_empty() || !resources.is_empty();
    let completion_component = completes
        .then(|| quote!(::casemate_guest_sdk::__export_completion! { PROMPTS, RESOURCES }));
    let tools = tools_list(&tools);
    let prompts = prompts_list(&prompts);
    let resources = resources_list(&resources);
    quote! {
        #[allow(dead_code)]
        const _: () = {
            #tools
            #prompts
            #resources
            ::casemate_guest_sdk::__export_tools! { TOOLS }
            #prompts_component
            #resources_component
            #completion_component
        };
    }
}

fn tools_list(types: &[&Type]) -> TokenStream {
    let implementation = quote!(::casemate_guest_sdk::tool::Tool);
    let (entries, names) = constants(types, &implementation, &quote!(NAME));
    quote! {
        const TOOLS: &[::casemate_guest_sdk::__private::Entry] = &[#(#entries),*];
        const _: () = ::core::assert!(
            !::casemate_guest_sdk::__private::is_repeated(&[#(#names),*]),
            "two exported tools have the same name"
        );
    }
}

fn prompts_list(types: &[&Type]) -> TokenStream {
    let implementation = quote!(::casemate_guest_sdk::prompt::Prompt);
    let (entries, names) = constants(types, &implementation, &quote!(NAME));
    quote! {
        const PROMPTS: &[::casemate_guest_sdk::__private::PromptEntry] = &[#(#entries),*];
        const _: () = ::core::assert!(
            !::casemate_guest_sdk::__private::is_repeated(&[#(#names),*]),
            "two exported prompts have the same name"
        );
    }
}

fn resources_list(types: &[&Type]) -> TokenStream {
    let implementation = quote!(::casemate_guest_sdk::resource::Readable);
    let (entries, uris) = constants(types, &implementation, &quote!(URI.text));
    quote! {
        const RESOURCES: &[::casemate_guest_sdk::__private::ResourceEntry] = &[#(#entries),*];
        const _: () = ::core::assert!(
            !::casemate_guest_sdk::__private::is_repeated(&[#(#uris),*]),
            "two exported resources have the same URI"
        );
    }
}

/// The entries of types, and what must differ.
fn constants(
    types: &[&Type],
    implementation: &TokenStream,
    key: &TokenStream,
) -> (Vec<TokenStream>, Vec<TokenStream>) {
    let constant = |ty: &Type, constant: &TokenStream| quote_spanned!(ty.span()=> <#ty as #implementation>::#constant);
    let entries = types.iter().map(|ty| constant(ty, &quote!(ENTRY)));
    let keys = types.iter().map(|ty| constant(ty, key));
    (entries.collect(), keys.collect())
}
