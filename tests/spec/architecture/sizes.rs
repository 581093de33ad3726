//! A file is short enough to be read in one go.

use casemate_tests::root;
use std::{
    fs,
    path::{Path, PathBuf},
};

const LONGEST: usize = 500;

/// Files that are longer, each with its reason.
const LONGER: &[(&str, &str)] = &[];

/// Every Rust source file below a folder, without what was built or downloaded.
pub(super) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn complaints(files: &[(String, usize)], longer: &[(&str, &str)]) -> Vec<String> {
    let is_excepted = |name: &str| longer.iter().any(|(known, _)| *known == name);
    let too_long = files
        .iter()
        .filter(|(name, lines)| *lines > LONGEST && !is_excepted(name));
    let too_long = too_long.map(|(name, lines)| format!("{name} has {lines} lines"));
    let is_long = |name: &str| files.iter().any(|(known, n)| known == name && *n > LONGEST);
    let stale = longer.iter().filter(|(name, _)| !is_long(name));
    too_long
        .chain(stale.map(|(name, _)| format!("{name} needs no exception")))
        .collect()
}

#[test]
fn no_source_file_is_longer_than_it_may_be() {
    let root = root();
    let files: Vec<_> = rust_files(&root)
        .iter()
        .map(|path| {
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(path).unwrap().lines().count())
        })
        .collect();
    assert!(
        files.iter().any(|(name, _)| name == "domain/src/lib.rs"),
        "not the repository"
    );
    assert_eq!(complaints(&files, LONGER), [""; 0]);
}

#[test]
fn control_a_long_file_and_a_stale_exception_are_found() {
    let files = [
        ("a.rs".to_owned(), 501),
        ("b.rs".to_owned(), 500),
        ("c.rs".to_owned(), 900),
    ];
    let found = complaints(&files, &[("c.rs", "generated"), ("b.rs", "was long once")]);
    assert_eq!(found, ["a.rs has 501 lines", "b.rs needs no exception"]);
}
