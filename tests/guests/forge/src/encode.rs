//! From text to the bytes of a component.

use crate::part::{self, Part};
use std::path::Path;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The version of WASI that guests import.
pub(crate) const WASI_VERSION: &str = "0.2.6";

/// What guests import of WASI. An interface may have less in it than the host offers.
const WASI: &str = r"
package wasi:clocks@0.2.6 {
    interface monotonic-clock {
        use wasi:io/poll@0.2.6.{pollable};
        now: func() -> u64;
        subscribe-duration: func(when: u64) -> pollable;
    }
    interface wall-clock {
        record datetime { seconds: u64, nanoseconds: u32 }
        now: func() -> datetime;
    }
}
package wasi:io@0.2.6 {
    interface poll {
        resource pollable { ready: func() -> bool; block: func(); }
        poll: func(in: list<borrow<pollable>>) -> list<u32>;
    }
    interface error { resource error; }
    interface streams {
        use error.{error};
        use poll.{pollable};
        variant stream-error { last-operation-failed(error), closed }
        resource input-stream {
            blocking-read: func(len: u64) -> result<list<u8>, stream-error>;
        }
        resource output-stream {
            check-write: func() -> result<u64, stream-error>;
            write: func(contents: list<u8>) -> result<_, stream-error>;
            blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
            subscribe: func() -> pollable;
        }
    }
}
package wasi:cli@0.2.6 {
    interface environment {
        get-environment: func() -> list<tuple<string, string>>;
        get-arguments: func() -> list<string>;
    }
    interface exit { exit: func(status: result); }
    interface stdin {
        use wasi:io/streams@0.2.6.{input-stream};
        get-stdin: func() -> input-stream;
    }
    interface stdout {
        use wasi:io/streams@0.2.6.{output-stream};
        get-stdout: func() -> output-stream;
    }
}
package wasi:random@0.2.6 {
    interface random { get-random-bytes: func(len: u64) -> list<u8>; }
}
package wasi:filesystem@0.2.6 {
    interface types {
        resource descriptor { is-same-object: func(other: borrow<descriptor>) -> bool; }
    }
    interface preopens {
        use types.{descriptor};
        get-directories: func() -> list<tuple<descriptor, string>>;
    }
}
";

/// A component of a world of the contract around a core module.
pub fn component(world: &str, module: &str) -> Vec<u8> {
    component_around(world, &wat::parse_str(module).unwrap())
}

/// The same around a core module in binary.
pub(crate) fn component_around(world: &str, module: &[u8]) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(contract()).unwrap();
    encode(&resolve, package, world, module).unwrap()
}

/// A component of a world that a test makes up.
pub fn component_of(wit: &str, world: &str, module: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", wit).unwrap();
    let module = wat::parse_str(module).unwrap();
    encode(&resolve, package, world, &module).unwrap()
}

/// Any WebAssembly text in binary.
pub fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A component of the contract with more imports and exports around a core module.
pub(crate) fn guest(module: &str, wasi: &[String], part: Option<&Part>, exports: &str) -> Vec<u8> {
    if wasi.is_empty() && part.is_none() && exports.is_empty() {
        return component("tool", module);
    }
    let imports = wasi.iter().map(String::as_str);
    let imports = imports.chain(part.map(|_| Part::INTERFACE));
    let imports: String = imports.map(|name| format!("import {name};\n")).collect();
    let part_wit = part.map(Part::wit).unwrap_or_default();
    let wit = format!(
        "{}\nworld made {{ include host; {imports} export tools; {exports} }}\n{WASI}\n{part_wit}",
        contract_in_one()
    );
    let wasm = component_of(&wit, "made", module);
    match part {
        Some(part) => part::put_beside(&wasm, part),
        None => wasm,
    }
}

fn encode(
    resolve: &Resolve,
    package: wit_parser::PackageId,
    world: &str,
    module: &[u8],
) -> Result<Vec<u8>, String> {
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut wasm = module.to_vec();
    embed_component_metadata(&mut wasm, resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default()
        .module(&wasm)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| format!("{error:#}"))
}

fn contract() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../wit"))
}

/// The contract as one text, so that a world can be added to its package.
fn contract_in_one() -> String {
    let mut text = String::from("package casemate:tool@1.0.0;\n");
    for entry in contract().read_dir().unwrap() {
        let file = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let lines = file.lines().filter(|line| !line.starts_with("package "));
        // The documentation of the package belongs to the line that is left out.
        let lines = lines.filter(|line| !line.starts_with("///"));
        lines.for_each(|line| text.extend([line, "\n"]));
    }
    text
}
