//! Refuses code that is valid, small, and takes a compiler minutes.
//!
//! The time a compiler needs grows with the square of some sizes within one function. The caps
//! stand well above what compilers of real languages emit (measured on Rust, C, Go, JavaScript
//! engines and CPython) and well below what hurts; sums keep many functions just under a cap from
//! adding up.

use crate::rejection::{Rejection, RejectionKind};
use wasmparser::{BinaryReaderError, FunctionBody, Operator, Parser, Payload};

/// Functions of all modules together.
const FUNCTIONS: u32 = 50_000;
/// Modules and components, nested ones included.
const PARTS: u32 = 500;
/// The body of one function, in bytes.
const BODY_BYTES: u64 = 512 << 10;
/// Blocks, loops and ifs of one function.
const BLOCKS: u64 = 30_000;
/// Locals times branches of one function.
const LOCALS_TIMES_BRANCHES: u64 = 5_000_000;

/// Sums of squares, or of products, over all functions: so many times what one may have.
const BODY_SUM: u64 = 8 * BODY_BYTES * BODY_BYTES;
const BLOCK_SUM: u64 = 4 * BLOCKS * BLOCKS;
const PRODUCT_SUM: u64 = 40 * LOCALS_TIMES_BRANCHES;

/// What all functions so far add up to.
#[derive(Default)]
struct Totals {
    functions: u32,
    parts: u32,
    bodies: u64,
    blocks: u64,
    products: u64,
}

/// The measures of one function.
#[derive(Default)]
struct Shape {
    bytes: u64,
    locals: u64,
    blocks: u64,
    branches: u64,
}

/// Refuses a valid component whose compilation would cost too much.
pub(super) fn require_compilable(wasm: &[u8]) -> Result<(), Rejection> {
    let mut totals = Totals::default();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(malformed)? {
            Payload::Version { .. } => {
                totals.parts += 1;
                cap("modules and components", totals.parts.into(), PARTS.into())?;
            }
            Payload::CodeSectionEntry(body) => {
                totals.functions += 1;
                cap("functions", totals.functions.into(), FUNCTIONS.into())?;
                totals.add(&measure(&body).map_err(malformed)?)?;
            }
            _ => {}
        }
    }
    Ok(())
}

impl Totals {
    fn add(&mut self, shape: &Shape) -> Result<(), Rejection> {
        let product = shape.locals.saturating_mul(shape.branches);
        cap("bytes in one function", shape.bytes, BODY_BYTES)?;
        cap("blocks in one function", shape.blocks, BLOCKS)?;
        cap(
            "locals times branches in one function",
            product,
            LOCALS_TIMES_BRANCHES,
        )?;
        // Each summand is capped above, so that these cannot overflow.
        self.bodies += shape.bytes * shape.bytes;
        self.blocks += shape.blocks * shape.blocks;
        self.products += product;
        cap("large functions, squared", self.bodies, BODY_SUM)?;
        cap("blocks, squared", self.blocks, BLOCK_SUM)?;
        cap("locals times branches in all", self.products, PRODUCT_SUM)
    }
}

fn cap(what: &str, found: u64, allowed: u64) -> Result<(), Rejection> {
    if found <= allowed {
        return Ok(());
    }
    Err(Rejection::new(
        RejectionKind::CompileBudget,
        format!(
            "Compiling the component would cost too much: {what}: {found}, at most {allowed} are \
             allowed. Build with optimization, and split very large functions."
        ),
    ))
}

fn malformed(error: BinaryReaderError) -> Rejection {
    Rejection::new(
        RejectionKind::MalformedComponent,
        format!("The component is not valid: {error}. Build it again with current tools."),
    )
}

fn measure(body: &FunctionBody<'_>) -> Result<Shape, BinaryReaderError> {
    let mut shape = Shape {
        bytes: body.as_bytes().len() as u64,
        ..Shape::default()
    };
    for local in body.get_locals_reader()? {
        shape.locals += u64::from(local?.0);
    }
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        match operators.read()? {
            Operator::Block { .. } | Operator::Loop { .. } => shape.blocks += 1,
            Operator::If { .. } => {
                shape.blocks += 1;
                shape.branches += 1;
            }
            Operator::Else | Operator::Br { .. } | Operator::BrIf { .. } => shape.branches += 1,
            Operator::BrTable { targets } => shape.branches += u64::from(targets.len()) + 1,
            _ => {}
        }
    }
    Ok(shape)
}
