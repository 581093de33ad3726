//! Components from a few lines of WebAssembly text.
//!
//! The answer of a guest lies at address 16; untouched memory there means a complete, empty
//! result.

use crate::{Definition, Part, encode};
use std::cell::RefCell;

/// Where texts of a guest begin.
const TEXTS: u32 = 4096;
/// Where the memory that the host fills begins, unless the texts reach further.
const HEAP: u32 = 65_536;
/// Pages for what the host hands over.
const ROOM: u32 = 19;

thread_local! {
    /// The secrets that guests hold which are made now.
    static HELD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Makes guests that ask for these secrets before they do anything else in a call, and keep the
/// values in their memory, whatever they do then.
pub fn holding<T>(secrets: &[String], make: impl FnOnce() -> T) -> T {
    HELD.with_borrow_mut(|held| held.extend_from_slice(secrets));
    let made = make();
    HELD.with_borrow_mut(Vec::clear);
    made
}

/// A guest in the making.
#[derive(Debug, Default)]
pub struct Guest {
    imports: String,
    items: String,
    describe: String,
    realloc: String,
    pages: Option<String>,
    texts: Vec<u8>,
    wasi: Vec<String>,
    part: Option<Part>,
    world: Option<&'static str>,
    /// What it exports besides, in WIT.
    exports: String,
    /// Asks for the secrets that it holds.
    hold: String,
}

impl Guest {
    /// A guest that has one ordinary tool of this name.
    pub fn named(name: &str) -> Self {
        Definition::named(name).guest()
    }

    /// Adds an import of the contract, such as `("cancellation", "is-cancelled", "(result i32)")`,
    /// as `$function`.
    #[must_use]
    pub fn import(self, interface: &str, function: &str, ty: &str) -> Self {
        self.import_from(
            &format!("casemate:tool/{interface}@1.0.0"),
            function,
            function,
            ty,
        )
    }

    /// Adds an import of WASI, such as `("wasi:clocks/monotonic-clock", "now", "(result i64)")`.
    /// The name in the text is `$` and the function's name without brackets and dots.
    #[must_use]
    pub fn wasi(mut self, interface: &str, function: &str, ty: &str) -> Self {
        let interface = format!("{interface}@{}", encode::WASI_VERSION);
        if !self.wasi.contains(&interface) {
            self.wasi.push(interface.clone());
        }
        self.import_from(&interface, function, &plain(function), ty)
    }

    /// Targets another world of the contract than `tool`, with its exports among the items.
    #[must_use]
    pub fn of_world(mut self, world: &'static str) -> Self {
        self.world = Some(world);
        self
    }

    /// Exports more than the contract has, such as `more: func();`, with its functions among the items.
    #[must_use]
    pub fn exporting(mut self, wit: &str) -> Self {
        self.exports += &format!("export {wit}\n");
        self
    }

    /// Puts another component beside this one and imports a function of it.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        for (function, ty) in part.functions() {
            self = self.import_from(Part::INTERFACE, function, &plain(function), ty);
        }
        self.part = Some(part);
        self
    }

    fn import_from(mut self, interface: &str, function: &str, name: &str, ty: &str) -> Self {
        self.imports += &format!("(import \"{interface}\" \"{function}\" (func ${name} {ty}))\n");
        self
    }

    /// Adds a table, a function or another item of a module.
    #[must_use]
    pub fn item(mut self, item: &str) -> Self {
        self.items += item;
        self.items += "\n";
        self
    }

    /// Places a text in memory and gives its address and length as operands.
    pub fn text(&mut self, text: &str) -> String {
        let (at, len) = self.place(text.as_bytes());
        format!("(i32.const {at}) (i32.const {len})")
    }

    /// Places bytes in memory, aligned to eight.
    pub fn place(&mut self, bytes: &[u8]) -> (u32, usize) {
        while !self.texts.len().is_multiple_of(8) {
            self.texts.push(0);
        }
        let at = TEXTS + u32::try_from(self.texts.len()).unwrap();
        self.texts.extend_from_slice(bytes);
        (at, bytes.len())
    }

    /// What `describe` does; it leaves the address of a list.
    #[must_use]
    pub fn describe(mut self, body: &str) -> Self {
        self.describe = body.to_owned();
        self
    }

    /// What `cabi_realloc` does instead of its work; the parameters are old address, old size,
    /// alignment, new size.
    #[must_use]
    pub fn realloc(mut self, body: &str) -> Self {
        self.realloc = body.to_owned();
        self
    }

    /// The pages of its memory, and their maximum if there is one, as in the text format.
    #[must_use]
    pub fn pages(mut self, pages: &str) -> Self {
        self.pages = Some(pages.to_owned());
        self
    }

    /// Runs this after `call`, when its answer has been taken. It has the address of the answer as
    /// local 0.
    #[must_use]
    pub fn post_return(self, body: &str) -> Self {
        self.item(&format!(
            "(func (export \"cabi_post_casemate:tool/tools@1.0.0#call\") (param i32) {body})"
        ))
    }

    /// The component whose `call` has this body. It has the address of its parameters as local 0
    /// and leaves the address of its result.
    pub fn call(mut self, body: &str) -> Vec<u8> {
        let held = HELD.with_borrow(Vec::clone);
        if !held.is_empty() {
            self = self.hold(&held);
        }
        let module = self.module(body);
        if let Some(world) = self.world {
            return encode::component(world, &module);
        }
        encode::guest(&module, &self.wasi, self.part.as_ref(), &self.exports)
    }

    fn hold(mut self, secrets: &[String]) -> Self {
        if !self.imports.contains("(func $reveal ") {
            self = self.import("secrets", "reveal", "(param i32 i32 i32)");
        }
        for secret in secrets {
            let name = self.text(secret);
            self.hold += &format!("(call $reveal {name} (i32.const 640))");
        }
        // Left as it was found.
        self.hold += "(memory.fill (i32.const 640) (i32.const 0) (i32.const 12))";
        self
    }

    /// The core module alone, in text.
    pub fn module(&self, call: &str) -> String {
        let texts = quoted(&self.texts);
        let end = TEXTS + u32::try_from(self.texts.len()).unwrap();
        let heap = end.next_multiple_of(HEAP).max(HEAP);
        let pages = heap / HEAP + ROOM;
        format!(
            r#"(module
                {imports}
                (memory (export "memory") {pages})
                (global $next (mut i32) (i32.const {heap}))
                (data (i32.const {TEXTS}) "{texts}")
                {items}
                (func $realloc (export "cabi_realloc")
                    (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    {realloc})
                (func (export "casemate:tool/tools@1.0.0#describe") (result i32)
                    {describe})
                (func $made (param i32) (result i32)
                    {call})
                (func (export "casemate:tool/tools@1.0.0#call") (param i32) (result i32)
                    {hold}
                    (call $made (local.get 0))))"#,
            hold = self.hold,
            imports = self.imports,
            pages = self.pages.clone().unwrap_or(pages.to_string()),
            items = self.items,
            realloc = or(&self.realloc, REALLOC),
            describe = or(&self.describe, "(i32.const 16)"),
        )
    }
}

/// Takes from the end of what was taken, and never gives back.
const REALLOC: &str = "
    (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
    (global.set $next (i32.add (local.get $at) (local.get 3)))
    (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
        (then unreachable))
    (local.get $at)";

fn or<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}

/// `[method]output-stream.write` → `output-stream-write`, `[constructor]thing` → `new-thing`,
/// `[resource-drop]thing` → `drop-thing`.
fn plain(function: &str) -> String {
    let named = function
        .strip_prefix("[constructor]")
        .map(|name| format!("new-{name}"));
    let named = named.or_else(|| {
        let name = function.strip_prefix("[resource-drop]")?;
        Some(format!("drop-{name}"))
    });
    let method = || {
        function
            .split_once(']')
            .map_or(function, |(_, name)| name)
            .replace('.', "-")
    };
    named.unwrap_or_else(method)
}

/// Bytes as a string of the text format.
fn quoted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'{' | b'}' | b':' | b',' => {
                text.push(char::from(*byte));
            }
            _ => text += &format!("\\{byte:02x}"),
        }
    }
    text
}

/// A guest without imports whose `call` has this body.
pub fn guest(call: &str) -> Vec<u8> {
    Guest::default().call(call)
}

/// A guest that answers with an empty result.
pub fn quick() -> Vec<u8> {
    guest("(i32.const 16)")
}

/// A guest that never ends.
pub fn endless() -> Vec<u8> {
    guest("(loop $again (br $again)) (i32.const 16)")
}

/// Leaves a result with one text, given operands for its address and length.
pub fn answer_text(text: &str) -> String {
    format!(
        "(call $answer_text {text})
         (i32.const 16)"
    )
}

/// The function behind [`answer_text`].
pub const ANSWER_TEXT: &str = "(func $answer_text (param i32 i32)
    (i32.store (i32.const 28) (i32.const 256))
    (i32.store (i32.const 32) (i32.const 1))
    (i32.store (i32.const 264) (local.get 0))
    (i32.store (i32.const 268) (local.get 1)))";

/// Leaves a result with a structured answer, given operands for its address and length.
pub fn answer_structured(text: &str) -> String {
    format!(
        "(i32.store8 (i32.const 36) (i32.const 1))
         (i32.store (i32.const 40) (i32.const 0))
         (call $structured {text})
         (i32.const 16)"
    )
}

/// The function behind [`answer_structured`].
pub const STRUCTURED: &str = "(func $structured (param i32 i32)
    (i32.store (i32.const 40) (local.get 0))
    (i32.store (i32.const 44) (local.get 1)))";
