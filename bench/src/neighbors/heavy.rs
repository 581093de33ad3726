//! Components that are valid, and as dear to compile as the gateway takes in.
//!
//! A real component with one more module inside, which nobody instantiates but everybody has to
//! compile: functions of one long chain of additions, and functions of many empty blocks, a little
//! below the caps on the size and the blocks of a function and on the sums of their squares. Each has a number in it, so that no two are the same
//! and nothing that was kept of one helps with the next.

use anyhow::{Context, Result};
use bytes::Bytes;
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};
use wasm_encoder::{
    BlockType, CodeSection, ComponentSectionId, Encode, Function, FunctionSection, Module,
    TypeSection, ValType,
};

/// Functions with a chain. Nine of the largest size are refused.
const CHAINS: u32 = 7;
/// Additions of each; with its operand, one takes seven bytes.
const ADDITIONS: i32 = 74_000;
/// Functions with blocks. Five of the largest number of blocks are refused.
const NESTS: u32 = 3;
/// Blocks of each.
const BLOCKS: u32 = 29_900;

/// How large a component is at most, in bytes.
pub(super) const HEAVY_BYTES: u64 = 4 << 20;

/// The component that all uploads are made from.
#[derive(Debug)]
pub(super) struct Heavy {
    bytes: Vec<u8>,
    number: AtomicU64,
}

impl Heavy {
    /// Makes one out of a component that describes itself.
    pub(super) fn from_component(path: &Path) -> Result<Self> {
        let mut bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        section(&mut bytes, ComponentSectionId::CoreModule.into(), &module());
        Ok(Self {
            bytes,
            number: AtomicU64::new(0),
        })
    }

    /// One that has never been there before.
    pub(super) fn next(&self) -> Bytes {
        let mut bytes = self.bytes.clone();
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let mut custom = Vec::new();
        "number".encode(&mut custom);
        custom.extend(number.to_le_bytes());
        section(&mut bytes, ComponentSectionId::CoreCustom.into(), &custom);
        bytes.into()
    }
}

/// Adds a section to the end of a component.
fn section(component: &mut Vec<u8>, id: u8, content: &[u8]) {
    component.push(id);
    content.encode(component);
}

fn module() -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I32]);
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    for number in 0..CHAINS {
        functions.function(0);
        code.function(&chain(number));
    }
    for number in 0..NESTS {
        functions.function(0);
        code.function(&blocks(number));
    }
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    module.finish()
}

fn chain(number: u32) -> Function {
    let mut function = Function::new([]);
    let mut instructions = function.instructions();
    instructions.i32_const(number.cast_signed());
    for step in 0..ADDITIONS {
        // A constant of five bytes.
        instructions.i32_const(i32::MIN + step).i32_add();
    }
    instructions.end();
    function
}

fn blocks(number: u32) -> Function {
    let mut function = Function::new([]);
    let mut instructions = function.instructions();
    for _ in 0..BLOCKS {
        instructions.block(BlockType::Empty).end();
    }
    instructions.i32_const(number.cast_signed()).end();
    function
}

#[cfg(test)]
mod tests {
    use super::{HEAVY_BYTES, Heavy, chain};
    use casemate_tests::guest;
    use wasm_encoder::Encode;

    #[test]
    fn a_function_is_a_little_below_what_is_taken() {
        let mut body = Vec::new();
        chain(0).encode(&mut body);
        assert!(
            (500 << 10..512 << 10).contains(&body.len()),
            "{}",
            body.len()
        );
    }

    #[test]
    fn no_two_are_the_same() {
        let heavy = Heavy::from_component(guest("bench")).unwrap();
        let (one, other) = (heavy.next(), heavy.next());
        assert_ne!(one, other);
        assert_eq!(one.len(), other.len());
        assert!(one.len() as u64 <= HEAVY_BYTES, "{}", one.len());
    }
}
