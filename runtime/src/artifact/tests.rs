use super::*;
use crate::{engine, runtime::Config};

const KEY: [u8; 32] = [7; 32];

fn engines() -> (Engine, Engine) {
    let mut other = wasmtime::Config::new();
    other.consume_fuel(false);
    (
        engine::for_compiling().unwrap(),
        Engine::new(&other).unwrap(),
    )
}

#[test]
fn an_artifact_of_another_engine_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (this, other) = engines();
    let open = |engine| Artifacts::for_engine(folder.path().to_owned(), KEY, engine).unwrap();
    let digest = Digest::from_bytes([1; 32]);
    open(&other).keep(&digest, b"code").unwrap();
    assert!(open(&other).find(&digest).unwrap().is_some());
    let refused = open(&this).find(&digest).unwrap_err();
    assert!(
        matches!(
            refused,
            ArtifactError::Refused {
                refusal: Refusal::OtherEngine,
                ..
            }
        ),
        "{refused}"
    );
}

#[test]
fn a_compiler_and_a_runtime_share_artifacts() {
    let config = Config {
        slots: 2,
        ..Config::default()
    };
    let (pooled, _) = engine::build(&config).unwrap();
    let (compiling, other) = engines();
    assert_eq!(
        engine::fingerprint(&pooled),
        engine::fingerprint(&compiling)
    );
    assert_ne!(engine::fingerprint(&pooled), engine::fingerprint(&other));
}

#[test]
fn files_are_read_only_their_folder_is_private_and_what_is_unfinished_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("artifacts");
    let (engine, _) = engines();
    let artifacts = Artifacts::for_engine(path.clone(), KEY, &engine).unwrap();
    let digest = Digest::from_bytes([1; 32]);
    artifacts.keep(&digest, b"code").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&path.join(digest.to_string())), 0o400);

    let unfinished = path.join(format!("{digest}{UNFINISHED}"));
    fs::write(&unfinished, b"half").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    let again = Artifacts::for_engine(path.clone(), KEY, &engine).unwrap();
    assert!(!unfinished.exists());
    assert_eq!(mode(&path), 0o700);
    assert!(again.find(&digest).unwrap().is_some());
}
