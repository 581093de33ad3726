//! Links between the documents lead somewhere.

use casemate_tests::root;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The documents of the project.
fn documents() -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join("docs")]);
    let top = fs::read_dir(root()).unwrap();
    found.extend(
        top.map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file()),
    );
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    found
}

/// The links of a text to other files that are not there.
fn dead(text: &str, folder: &Path) -> Vec<String> {
    let links = text.split("](").skip(1);
    let links = links.filter_map(|rest| rest.split([')', ' ', '\n']).next());
    let files = links
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
        .filter_map(|link| link.split('#').next())
        .filter(|file| !file.is_empty());
    files
        .filter(|file| !folder.join(file).exists())
        .map(str::to_owned)
        .collect()
}

#[test]
fn links_between_documents_lead_to_files() {
    let documents = documents();
    assert!(documents.len() > 10, "{documents:?}");
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        let dead = dead(&text, document.parent().unwrap());
        assert!(dead.is_empty(), "{}: {dead:?}", document.display());
    }
}

#[test]
fn control_a_link_to_nothing_is_found() {
    let text = "[a](README.md#usage) ![b](docs/no-such.svg) [c](https://example.com/x) [d](#here)";
    assert_eq!(dead(text, &root()), ["docs/no-such.svg"]);
}
