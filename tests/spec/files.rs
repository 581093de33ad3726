//! Looks for things that must not be in files.

use std::{fs, path::Path};

/// The files under a folder that hold these bytes.
pub(crate) fn holding(folder: &Path, wanted: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, wanted));
        } else if fs::read(&path)
            .unwrap()
            .windows(wanted.len())
            .any(|window| window == wanted)
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn the_search_finds_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("deep")).unwrap();
    fs::write(folder.path().join("deep/file"), b"a needle in hay").unwrap();
    assert_eq!(holding(folder.path(), b"needle").len(), 1);
    assert!(holding(folder.path(), b"nail").is_empty());
}
