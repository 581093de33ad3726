//! What the first bytes of an upload say.

use crate::{
    engine::FEATURES,
    rejection::{Rejection, RejectionKind},
};
use wasmparser::{Validator, WasmFeatures};

/// The largest component, in bytes, that any installation can allow.
pub(super) const COMPONENT_BYTES: usize = 128 << 20;

/// Refuses everything that is not a valid component of an acceptable size and feature set.
pub(super) fn require_valid_component(wasm: &[u8]) -> Result<(), Rejection> {
    if wasm.len() > COMPONENT_BYTES {
        return Err(Rejection::new(
            RejectionKind::ComponentTooLarge,
            format!(
                "The component has {} bytes; at most {COMPONENT_BYTES} are allowed. Strip debug \
                 information and build for size.",
                wasm.len()
            ),
        ));
    }
    require_component_header(wasm)?;
    validate(wasm)
}

fn require_component_header(wasm: &[u8]) -> Result<(), Rejection> {
    use RejectionKind::{MalformedComponent, NotAComponent, PrecompiledRefused};
    let (kind, message) = match wasm {
        [] => (
            MalformedComponent,
            "The file is empty. Upload the .wasm file that the build made.",
        ),
        [b'\0', b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => return Ok(()),
        [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => (
            NotAComponent,
            "This is a core WebAssembly module, not a component. Build for the target \
             wasm32-wasip2, or turn it into a component with `wasm-tools component new`.",
        ),
        [b'\0', b'a', b's', b'm', _, _, _, _, ..] => (
            MalformedComponent,
            "This is WebAssembly of a version that is not known here. Build it with current tools.",
        ),
        [0x7f, b'E', b'L', b'F', ..] => (
            PrecompiledRefused,
            "This is native or precompiled code. Upload the WebAssembly component it was made \
             from; compiling is done here.",
        ),
        [b'\0', b'a', ..] | [b'\0'] => (
            MalformedComponent,
            "The file is cut off. Build it again and upload it in full.",
        ),
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [b'P', b'K', 3, 4, ..] => (
            MalformedComponent,
            "The file is compressed. Unpack it and upload the .wasm file.",
        ),
        _ if is_text_format(wasm) => (
            MalformedComponent,
            "This is WebAssembly in text form. Turn it into a binary with `wasm-tools parse`.",
        ),
        _ => (
            MalformedComponent,
            "The file is not WebAssembly. Upload the .wasm file that the build made.",
        ),
    };
    Err(Rejection::new(kind, message))
}

fn is_text_format(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start(), [b'(', ..] | [b';', b';', ..])
}

fn validate(wasm: &[u8]) -> Result<(), Rejection> {
    let Err(problem) = Validator::new_with_features(FEATURES).validate_all(wasm) else {
        return Ok(());
    };
    let with_everything = Validator::new_with_features(WasmFeatures::all()).validate_all(wasm);
    Err(if with_everything.is_ok() {
        Rejection::new(
            RejectionKind::FeatureRefused,
            format!(
                "The component uses a WebAssembly feature that is switched off here: {problem}. \
                 Build it without that feature."
            ),
        )
    } else {
        Rejection::new(
            RejectionKind::MalformedComponent,
            format!("The component is not valid: {problem}. Build it again with current tools."),
        )
    })
}
