//! Modules that are small and valid, and expensive to compile or to check.

use wasm_encoder::{
    CodeSection, ComponentSectionId, CustomSection, Function, FunctionSection, Instruction, Module,
    TypeSection, ValType,
};

/// A module of functions of one type.
struct Functions {
    result: Vec<ValType>,
    bodies: CodeSection,
    count: u32,
}

impl Functions {
    fn returning(result: &[ValType]) -> Self {
        Self {
            result: result.to_vec(),
            bodies: CodeSection::new(),
            count: 0,
        }
    }

    fn add(&mut self, function: &Function) {
        self.bodies.function(function);
        self.count += 1;
    }

    fn module(self) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], self.result);
        let mut functions = FunctionSection::new();
        (0..self.count).for_each(|_| {
            functions.function(0);
        });
        let mut module = Module::new();
        module
            .section(&types)
            .section(&functions)
            .section(&self.bodies);
        module.finish()
    }
}

/// One function that adds so many numbers up.
pub fn additions(count: usize) -> Vec<u8> {
    let mut body = Function::new([]);
    body.instruction(&Instruction::I32Const(0));
    for _ in 0..count {
        body.instruction(&Instruction::I32Const(1));
        body.instruction(&Instruction::I32Add);
    }
    body.instruction(&Instruction::End);
    one(&[ValType::I32], &body)
}

/// One function of so many empty blocks.
pub fn blocks(count: usize) -> Vec<u8> {
    let mut body = Function::new([]);
    for _ in 0..count {
        body.instruction(&Instruction::Block(wasm_encoder::BlockType::Empty));
        body.instruction(&Instruction::End);
    }
    body.instruction(&Instruction::End);
    one(&[], &body)
}

/// Functions with so many locals and branches each.
pub fn branches(functions: usize, locals: u32, branches: usize) -> Vec<u8> {
    let mut body = Function::new([(locals, ValType::I32)]);
    for n in 0..branches {
        let local = u32::try_from(n).unwrap() % locals;
        body.instruction(&Instruction::LocalGet(local));
        body.instruction(&Instruction::If(wasm_encoder::BlockType::Empty));
        body.instruction(&Instruction::I32Const(1));
        body.instruction(&Instruction::LocalSet((local + 1) % locals));
        body.instruction(&Instruction::Else);
        body.instruction(&Instruction::End);
    }
    body.instruction(&Instruction::End);
    let mut all = Functions::returning(&[]);
    (0..functions).for_each(|_| all.add(&body));
    all.module()
}

/// One function with so many locals and nothing else.
pub fn locals(count: u32) -> Vec<u8> {
    let mut body = Function::new([(count, ValType::I64)]);
    body.instruction(&Instruction::End);
    one(&[], &body)
}

/// So many functions with nothing in them.
pub fn functions(count: usize) -> Vec<u8> {
    let mut body = Function::new([]);
    body.instruction(&Instruction::End);
    let mut all = Functions::returning(&[]);
    (0..count).for_each(|_| all.add(&body));
    all.module()
}

/// Functions that keep so many results of calls alive at once.
pub fn alive(functions: usize, values: usize) -> Vec<u8> {
    let mut one = Function::new([]);
    one.instruction(&Instruction::I32Const(1));
    one.instruction(&Instruction::End);
    let mut body = Function::new([]);
    (0..values).for_each(|_| {
        body.instruction(&Instruction::Call(0));
    });
    (1..values).for_each(|_| {
        body.instruction(&Instruction::I32Add);
    });
    body.instruction(&Instruction::End);
    let mut all = Functions::returning(&[ValType::I32]);
    all.add(&one);
    (0..functions).for_each(|_| all.add(&body));
    all.module()
}

/// One function with a jump table of so many entries.
pub fn jumps(entries: usize) -> Vec<u8> {
    let mut body = Function::new([]);
    body.instruction(&Instruction::I32Const(0));
    let targets = vec![0; entries];
    body.instruction(&Instruction::BrTable(targets.into(), 0));
    body.instruction(&Instruction::End);
    one(&[], &body)
}

/// One function that shuffles lanes so many times.
pub fn shuffles(count: usize) -> Vec<u8> {
    let mut body = Function::new([]);
    body.instruction(&Instruction::V128Const(1));
    for n in 0..count {
        let lane = u8::try_from(n % 32).unwrap();
        body.instruction(&Instruction::V128Const(2));
        body.instruction(&Instruction::I8x16Shuffle([lane; 16]));
    }
    body.instruction(&Instruction::Drop);
    body.instruction(&Instruction::End);
    one(&[], &body)
}

/// So many types of functions.
pub fn types(count: usize) -> Vec<u8> {
    let mut types = TypeSection::new();
    for n in 0..count {
        let parameters = vec![ValType::I64; n % 20];
        types.ty().function(parameters, []);
    }
    let mut module = Module::new();
    module.section(&types);
    module.finish()
}

/// A module with a section of so many bytes for nobody.
pub fn custom(bytes: usize) -> Vec<u8> {
    let data = vec![b'x'; bytes];
    let mut module = Module::new();
    module.section(&CustomSection {
        name: "x".into(),
        data: data.into(),
    });
    module.finish()
}

/// Components inside each other, so deep.
pub fn nested(depth: usize) -> Vec<u8> {
    let empty = wasm_encoder::Component::new().finish();
    (0..depth).fold(empty.clone(), |inner, _| {
        crate::damage::with_section(&empty, ComponentSectionId::Component as u8, &inner)
    })
}

/// A component with so many modules side by side.
pub fn modules(count: usize) -> Vec<u8> {
    let module = Module::new().finish();
    let empty = wasm_encoder::Component::new().finish();
    (0..count).fold(empty, |component, _| {
        crate::damage::with_module(&component, &module)
    })
}

/// Types of components of which each has the one before it twice, so that all of them written out
/// would have two to the power of the levels parts.
pub fn doubling(levels: usize) -> String {
    let mut text = String::from("(component (type $t0 (tuple u8 u8))\n");
    for level in 0..levels {
        let next = level + 1;
        text += &format!("(type $t{next} (tuple $t{level} $t{level}))\n");
    }
    text + ")"
}

/// Aliases of aliases, so many.
pub fn aliases(count: usize) -> String {
    let mut text = String::from("(component (core module $m (func (export \"f\")))\n");
    for n in 0..count {
        text += &format!(
            "(core instance $i{n} (instantiate $m))\n(alias core export $i{n} \"f\" (core func))\n"
        );
    }
    text + ")"
}

fn one(result: &[ValType], body: &Function) -> Vec<u8> {
    let mut all = Functions::returning(result);
    all.add(body);
    all.module()
}
