//! Components from a few lines of WebAssembly text.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where texts of a guest begin.
const TEXTS: u32 = 4096;

/// A guest in the making.
#[derive(Default)]
pub(crate) struct Guest {
    imports: String,
    items: String,
    describe: String,
    texts: Vec<u8>,
}

impl Guest {
    /// Adds an import of the contract, such as `("cancellation", "is-cancelled", "(result i32)")`,
    /// as `$function`.
    pub(crate) fn import(mut self, interface: &str, function: &str, ty: &str) -> Self {
        self.imports += &format!(
            "(import \"casemate:tool/{interface}@1.0.0\" \"{function}\" (func ${function} {ty}))\n"
        );
        self
    }

    /// Adds a table, a function or another item of a module.
    pub(crate) fn item(mut self, item: &str) -> Self {
        self.items += item;
        self.items += "\n";
        self
    }

    /// Places a text in memory and gives its address and length as operands.
    pub(crate) fn text(&mut self, text: &str) -> String {
        let (at, len) = self.place(text.as_bytes());
        format!("(i32.const {at}) (i32.const {len})")
    }

    /// Places bytes in memory, aligned to eight.
    pub(crate) fn place(&mut self, bytes: &[u8]) -> (u32, usize) {
        while !self.texts.len().is_multiple_of(8) {
            self.texts.push(0);
        }
        let at = TEXTS + u32::try_from(self.texts.len()).unwrap();
        self.texts.extend_from_slice(bytes);
        (at, bytes.len())
    }

    /// What `describe` does; it leaves the address of a list.
    pub(crate) fn describe(mut self, body: &str) -> Self {
        self.describe = body.to_owned();
        self
    }

    /// The component whose `call` has this body. It has the address of its parameters as local 0
    /// and leaves the address of its result.
    pub(crate) fn call(self, body: &str) -> Vec<u8> {
        let module = self.module(body);
        component("tool", &module)
    }

    fn module(&self, call: &str) -> String {
        let texts: String = self.texts.iter().map(|b| format!("\\{b:02x}")).collect();
        let describe = if self.describe.is_empty() {
            "(i32.const 16)"
        } else {
            &self.describe
        };
        format!(
            r#"(module
                {imports}
                (memory (export "memory") 20)
                (global $next (mut i32) (i32.const 65536))
                (data (i32.const {TEXTS}) "{texts}")
                {items}
                (func $realloc (export "cabi_realloc")
                    (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    (local.set $at (i32.and
                        (i32.add (global.get $next) (i32.sub (local.get 2) (i32.const 1)))
                        (i32.sub (i32.const 0) (local.get 2))))
                    (global.set $next (i32.add (local.get $at) (local.get 3)))
                    (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
                        (then unreachable))
                    (local.get $at))
                (func (export "casemate:tool/tools@1.0.0#describe") (result i32)
                    {describe})
                (func (export "casemate:tool/tools@1.0.0#call") (param i32) (result i32)
                    {call}))"#,
            imports = self.imports,
            items = self.items,
        )
    }
}

/// A guest without imports whose `call` has this body.
pub(crate) fn guest(call: &str) -> Vec<u8> {
    Guest::default().call(call)
}

/// A guest that answers with an empty result.
pub(crate) fn quick() -> Vec<u8> {
    guest("(i32.const 16)")
}

/// A guest that never ends.
pub(crate) fn endless() -> Vec<u8> {
    guest("(loop $again (br $again)) (i32.const 16)")
}

/// Leaves a result with one text, given operands for its address and length.
pub(crate) fn answer_text(text: &str) -> String {
    format!(
        "(call $answer_text {text})
         (i32.const 16)"
    )
}

/// The function behind [`answer_text`].
pub(crate) const ANSWER_TEXT: &str = "(func $answer_text (param i32 i32)
    (i32.store (i32.const 28) (i32.const 256))
    (i32.store (i32.const 32) (i32.const 1))
    (i32.store (i32.const 264) (local.get 0))
    (i32.store (i32.const 268) (local.get 1)))";

/// Leaves a result with a structured answer, given operands for its address and length.
pub(crate) fn answer_structured(text: &str) -> String {
    format!(
        "(i32.store8 (i32.const 36) (i32.const 1))
         (i32.store (i32.const 40) (i32.const 0))
         (call $structured {text})
         (i32.const 16)"
    )
}

/// The function behind [`answer_structured`].
pub(crate) const STRUCTURED: &str = "(func $structured (param i32 i32)
    (i32.store (i32.const 40) (local.get 0))
    (i32.store (i32.const 44) (local.get 1)))";

/// A component of a world of the contract around a core module.
pub(crate) fn component(world: &str, module: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit"))
        .unwrap();
    encode(&resolve, package, world, module)
}

/// A component of a world that a test makes up.
pub(crate) fn component_of(wit: &str, world: &str, module: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", wit).unwrap();
    encode(&resolve, package, world, module)
}

fn encode(resolve: &Resolve, package: wit_parser::PackageId, world: &str, module: &str) -> Vec<u8> {
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut wasm = wat::parse_str(module).unwrap();
    embed_component_metadata(&mut wasm, resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default()
        .module(&wasm)
        .unwrap()
        .validate(true)
        .encode()
        .unwrap()
}
