//! Code that was compiled earlier runs as it was compiled, or not at all.

use crate::support::{
    a_call,
    guest::{Guest, endless, guest, quick},
    runtime,
};
use casemate_domain::{Conclusion, Digest, Limits};
use casemate_runtime::{
    ArtifactError, Artifacts, Compiler, Environment, Refusal, RejectionKind, Unobserved, inspect,
};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};
use tempfile::TempDir;

const KEY: [u8; 32] = [3; 32];

struct Folder {
    folder: TempDir,
    artifacts: Artifacts,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::open(folder.path(), KEY, runtime()).unwrap();
        Self { folder, artifacts }
    }

    fn keep(&self, wasm: &[u8]) -> Digest {
        let digest = inspect(wasm).unwrap().digest;
        let code = Compiler::new().unwrap().precompile(wasm).unwrap();
        self.artifacts.keep(&digest, &code).unwrap();
        digest
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.path().join(digest.to_string())
    }

    #[track_caller]
    fn refusal(&self, digest: &Digest) -> Refusal {
        match self.artifacts.find(digest) {
            Err(ArtifactError::Refused { refusal, .. }) => refusal,
            other => panic!("{other:?}"),
        }
    }
}

/// Replaces a file that may not be written to.
fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_same_code_can_be_kept_from_several_sides_at_once() {
    let folder = Folder::new();
    let wasm = quick();
    let digest = inspect(&wasm).unwrap().digest;
    let code = Compiler::new().unwrap().precompile(&wasm).unwrap();
    std::thread::scope(|scope| {
        let kept: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| folder.artifacts.keep(&digest, &code)))
            .collect();
        for kept in kept {
            kept.join().unwrap().unwrap();
        }
    });
    assert!(folder.artifacts.find(&digest).unwrap().is_some());
}

#[tokio::test]
async fn what_was_kept_runs_like_what_was_just_compiled() {
    let folder = Folder::new();
    let started = Instant::now();
    let digest = folder.keep(&quick());
    let compiled = started.elapsed();
    let started = Instant::now();
    let artifact = folder.artifacts.find(&digest).unwrap().unwrap();
    let component = runtime().load(&artifact).unwrap();
    eprintln!(
        "compiled in {compiled:?}, loaded in {:?}",
        started.elapsed()
    );
    assert_eq!(component.digest(), digest);
    // The name is gone, and the code goes on.
    drop(artifact);
    folder.artifacts.remove(&digest).unwrap();
    assert!(folder.artifacts.find(&digest).unwrap().is_none());
    let (nothing, limits) = (Environment::default(), Limits::default());
    let observer = Arc::new(Unobserved);
    let call = a_call();
    let outcome = runtime().call(&component, &call, nothing, &limits, observer);
    let conclusion = outcome.await.conclusion;
    assert!(
        matches!(conclusion, Conclusion::Complete(_)),
        "{conclusion:?}"
    );
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let folder = Folder::new();
    let digest = folder.keep(&quick());
    let path = folder.path(&digest);
    let whole = fs::read(&path).unwrap();
    let last = whole.len() - 1;
    // The head of the file, all through the code, and each byte of the trailer.
    let places = (0..64)
        .chain((64..last).step_by(whole.len() / 200))
        .chain(last - 200..=last);
    for place in places {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        replace(&path, &flipped);
        assert_eq!(folder.refusal(&digest), Refusal::NotAuthentic, "{place}");
    }
    replace(&path, &whole);
    assert!(folder.artifacts.find(&digest).unwrap().is_some(), "control");
}

#[test]
fn what_is_cut_off_or_longer_is_refused() {
    let folder = Folder::new();
    let digest = folder.keep(&quick());
    let path = folder.path(&digest);
    let whole = fs::read(&path).unwrap();
    for length in [
        0,
        1,
        100,
        whole.len() / 2,
        whole.len() - 148,
        whole.len() - 1,
    ] {
        replace(&path, &whole[..length]);
        assert_eq!(folder.refusal(&digest), Refusal::NotAuthentic, "{length}");
    }
    let mut longer = whole.clone();
    longer.push(0);
    replace(&path, &longer);
    assert_eq!(folder.refusal(&digest), Refusal::NotAuthentic);
}

#[test]
fn the_artifact_of_another_component_is_refused() {
    let folder = Folder::new();
    let (one, other) = (folder.keep(&quick()), folder.keep(&endless()));
    let bytes = fs::read(folder.path(&other)).unwrap();
    replace(&folder.path(&one), &bytes);
    assert_eq!(folder.refusal(&one), Refusal::OtherComponent);
    assert!(folder.artifacts.find(&other).unwrap().is_some());
}

#[test]
fn code_without_the_key_is_refused() {
    let folder = Folder::new();
    let digest = folder.keep(&quick());
    let foreign = Artifacts::open(folder.folder.path(), [4; 32], runtime()).unwrap();
    let Err(ArtifactError::Refused { refusal, .. }) = foreign.find(&digest) else {
        panic!("another installation took it");
    };
    assert_eq!(refusal, Refusal::NotAuthentic);
}

#[test]
fn a_file_swapped_after_it_was_verified_is_not_what_is_loaded() {
    let folder = Folder::new();
    let (one, other) = (folder.keep(&quick()), folder.keep(&endless()));
    let verified = folder.artifacts.find(&one).unwrap().unwrap();
    let foreign = fs::read(folder.path(&other)).unwrap();
    replace(&folder.path(&one), b"not code at all");
    assert!(runtime().load(&verified).is_ok());
    replace(&folder.path(&one), &foreign);
    assert!(runtime().load(&verified).is_ok());
    assert_eq!(runtime().load(&verified).unwrap().digest(), one);
}

#[test]
fn a_link_to_an_artifact_is_not_followed() {
    let folder = Folder::new();
    let digest = folder.keep(&quick());
    let elsewhere = folder.folder.path().join("elsewhere");
    fs::rename(folder.path(&digest), &elsewhere).unwrap();
    symlink(&elsewhere, folder.path(&digest)).unwrap();
    assert!(folder.artifacts.find(&digest).is_err());
}

#[test]
fn keeping_again_replaces_and_leaves_what_is_open_alone() {
    let folder = Folder::new();
    let digest = folder.keep(&quick());
    let verified = folder.artifacts.find(&digest).unwrap().unwrap();
    folder.keep(&quick());
    assert!(runtime().load(&verified).is_ok());
    assert!(folder.artifacts.find(&digest).unwrap().is_some());
    let mode = fs::metadata(folder.path(&digest)).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o400);
}

#[test]
fn the_compiler_refuses_what_the_runtime_refuses() {
    let compiler = Compiler::new().unwrap();
    let refused = |wasm: &[u8]| compiler.precompile(wasm).unwrap_err().kind;
    assert_eq!(refused(b"\x7fELF"), RejectionKind::PrecompiledRefused);
    assert_eq!(refused(b"\0asm\x0d\0\x01\0"), RejectionKind::WrongWorld);
    let own = compiler.precompile(&guest("(i32.const 16)")).unwrap();
    assert_eq!(refused(&own), RejectionKind::PrecompiledRefused);
}

#[test]
fn a_loaded_component_counts_with_what_the_engine_has_to_remember_of_it() {
    let folder = Folder::new();
    let memory = |exports: usize| {
        let exports = (0..exports).map(|n| format!("(func (export \"f{n}\"))"));
        let guest = Guest::named("counted").item(&exports.collect::<String>());
        let digest = folder.keep(&guest.call("(i32.const 16)"));
        let artifact = folder.artifacts.find(&digest).unwrap().unwrap();
        runtime().load(&artifact).unwrap().memory_bytes()
    };
    let (small, large) = (memory(0), memory(2_000));
    assert!((24 << 10..64 << 10).contains(&small), "{small}");
    assert!((256 << 10..1 << 20).contains(&large), "{large}");
}
