//! What a component says about itself, without running or compiling it.

use super::{guard, shape};
use crate::{
    linker::OFFERED,
    rejection::{Rejection, RejectionKind},
};
use casemate_domain::Digest;
use wasmparser::{Parser, Payload};

/// The interface that makes a component a tool.
const TOOLS: &str = "casemate:tool/tools";
/// The interfaces that a component may export besides.
const OPTIONAL: [&str; 3] = [
    "casemate:tool/completion",
    "casemate:tool/prompts",
    "casemate:tool/resources",
];
/// The interface that makes a component a command.
const COMMAND: &str = "wasi:cli/run";

/// The kinds of component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ComponentKind {
    /// It exports the tools interface of the contract.
    Tools,
    /// It is a WASI command.
    Command,
    /// It exports other functions.
    Exports,
}

impl ComponentKind {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Command => "command",
            Self::Exports => "exports",
        }
    }
}

/// What a component says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// What it is.
    pub kind: ComponentKind,
    /// The names of its imports, in order.
    pub imports: Vec<String>,
    /// The names of its exports, in order.
    pub exports: Vec<String>,
    /// Its size in bytes.
    pub size: u64,
    /// The digest of its bytes.
    pub digest: Digest,
}

/// Looks at a component without running or compiling it. Refuses what could never be compiled;
/// whether it fits the contract is not checked here.
pub fn inspect(wasm: &[u8]) -> Result<Inspection, Rejection> {
    guard::require_valid_component(wasm)?;
    shape::require_compilable(wasm)?;
    let (imports, exports) = names(wasm);
    let has = |interface: &str| exports.iter().any(|export| base(export) == interface);
    let kind = if has(TOOLS) {
        ComponentKind::Tools
    } else if has(COMMAND) {
        ComponentKind::Command
    } else {
        ComponentKind::Exports
    };
    Ok(Inspection {
        kind,
        imports,
        exports,
        size: wasm.len() as u64,
        digest: Digest::from_bytes(*blake3::hash(wasm).as_bytes()),
    })
}

/// Refuses a component that does not export the tools interface in a version that is served.
pub(super) fn require_tools(inspection: &Inspection) -> Result<(), Rejection> {
    let exports = &inspection.exports;
    if exports
        .iter()
        .any(|name| base(name) == TOOLS && is_served(name))
    {
        return require_served(exports);
    }
    Err(Rejection::new(
        RejectionKind::WrongWorld,
        format!(
            "The component does not export `{TOOLS}@1`; it exports {}. Build it against the \
             world `casemate:tool/tool`; in Rust, name its tools in \
             `casemate_guest_sdk::export!(…)`.",
            listed(exports)
        ),
    ))
}

/// Refuses what would be passed over in silence: an interface of ours in a version that is not served.
fn require_served(exports: &[String]) -> Result<(), Rejection> {
    let is_ours = |name: &&String| OPTIONAL.contains(&base(name)) && !is_served(name);
    match exports.iter().find(is_ours) {
        None => Ok(()),
        Some(name) => Err(Rejection::new(
            RejectionKind::WrongWorld,
            format!(
                "The component exports `{}`, which is not a version that is served. Build it \
                 against `{}@1`.",
                name.escape_debug(),
                base(name)
            ),
        )),
    }
}

/// Refuses a component that imports what is not offered, and names every such import.
pub(super) fn require_offered(inspection: &Inspection) -> Result<(), Rejection> {
    let forbidden: Vec<_> = inspection
        .imports
        .iter()
        .filter(|name| !(OFFERED.contains(&base(name)) && is_served(name)))
        .cloned()
        .collect();
    if forbidden.is_empty() {
        return Ok(());
    }
    Err(Rejection::new(
        RejectionKind::ForbiddenImport,
        format!(
            "The component imports what is not offered to tools: {}. Build it without them; for \
             network access there is `casemate:tool/http`.",
            listed(&forbidden)
        ),
    ))
}

/// The names of what the outermost component imports and exports.
fn names(wasm: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0;
    // The bytes are known to be valid by now.
    for payload in Parser::new(0).parse_all(wasm).flatten() {
        match payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                imports.extend(
                    section
                        .into_iter()
                        .flatten()
                        .map(|i| i.name.name.to_owned()),
                );
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                exports.extend(
                    section
                        .into_iter()
                        .flatten()
                        .map(|e| e.name.name.to_owned()),
                );
            }
            _ => {}
        }
    }
    (imports, exports)
}

/// The name of an interface without its version.
fn base(name: &str) -> &str {
    name.split_once('@').map_or(name, |(base, _)| base)
}

/// Whether an interface is asked for in a version that is served: 1.x of ours, 0.2.x of WASI.
fn is_served(name: &str) -> bool {
    let Some((_, version)) = name.split_once('@') else {
        return false;
    };
    let line = if name.starts_with("wasi:") {
        "0.2."
    } else {
        "1."
    };
    version.starts_with(line)
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let quoted: Vec<_> = names
        .iter()
        .map(|name| format!("`{}`", name.escape_debug()))
        .collect();
    quoted.join(", ")
}
