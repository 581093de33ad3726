//! Every error code has a page that says what happened, why, and what to do.

use casemate_tests::root;
use std::{collections::BTreeSet, fs, path::Path};

fn pages() -> BTreeSet<String> {
    fs::read_dir(root().join("docs/problems"))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != "README")
        .collect()
}

/// The words in quotes that stand alone on the right of `=` or `=>` in a source file: the codes of
/// the tables in the sources, which are the only place where they are spelled out.
fn codes(file: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(file)).unwrap();
    let code = text.split("mod tests").next().unwrap();
    code.lines()
        .filter(|line| !line.contains("rename_all"))
        .filter_map(|line| {
            let (_, right) = line
                .split_once("=> \"")
                .or_else(|| line.split_once(" = \""))?;
            let word = right.split('"').next()?;
            let is_code =
                !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            is_code.then(|| word.to_owned())
        })
        .collect()
}

/// The codes that the command line gives itself: `.code("…")` in its sources.
fn command_line_codes(folder: &Path) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes.extend(command_line_codes(&path));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("mod tests").next().unwrap();
        let given = code.split(".code(\"").skip(1);
        codes.extend(given.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    codes
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let mut known = codes("gateway/src/problem.rs");
    known.extend(codes("domain/src/outcome.rs"));
    known.extend(codes("runtime/src/rejection.rs"));
    known.extend(command_line_codes(&root().join("gateway/src/cli")));
    assert!(
        known.contains("no_token")
            && known.contains("fuel_exhausted")
            && known.contains("not_found")
            && known.contains("wrong_world")
    );
    let pages = pages();
    let without_page: Vec<_> = known.difference(&pages).collect();
    let without_code: Vec<_> = pages.difference(&known).collect();
    assert!(without_page.is_empty(), "no page for {without_page:?}");
    assert!(without_code.is_empty(), "no code for {without_code:?}");
}

#[test]
fn every_page_says_what_why_and_what_to_do() {
    for page in pages() {
        let text = fs::read_to_string(root().join(format!("docs/problems/{page}.md"))).unwrap();
        for part in ["**What happened.**", "**Why.**", "**What to do.**"] {
            assert!(text.contains(part), "{page}.md lacks {part}");
        }
    }
}

#[test]
fn the_index_lists_every_page() {
    let index = fs::read_to_string(root().join("docs/problems/README.md")).unwrap();
    for page in pages() {
        assert!(
            index.contains(&format!("({page}.md)")),
            "{page} is missing in the index"
        );
    }
}
