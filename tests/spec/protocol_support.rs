//! The page that says what of the protocol is supported, and who checked it. Its tables are written
//! by the tests that see it: those with the official suite, and `protocol` for the revision that the
//! suite does not know.

use casemate_tests::root;
use std::{
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

const END: &str = "<!-- end -->";

/// One revision at a time: all are in one file.
static PAGE: Mutex<()> = Mutex::new(());

fn page() -> PathBuf {
    root().join("docs/reference/protocol-support.md")
}

/// Compares the table of a revision with what was seen, or writes it, if that is asked for.
#[track_caller]
pub(crate) fn check(revision: &str, table: &str) {
    let _one = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let text = fs::read_to_string(page()).unwrap();
    let replaced = replaced(&text, revision, table);
    if std::env::var_os("CASEMATE_WRITE_PROTOCOL_SUPPORT").is_some() {
        fs::write(page(), replaced).unwrap();
        return;
    }
    assert!(
        text == replaced,
        "docs/reference/protocol-support.md is not current for {revision}; run \
         cargo xtask protocol-support. It has to say:\n{table}"
    );
}

/// The page with another table for a revision.
fn replaced(text: &str, revision: &str, table: &str) -> String {
    let mark = format!("<!-- {revision} -->\n");
    let (before, rest) = text.split_once(&mark).expect("a mark for the revision");
    let (_, after) = rest.split_once(END).expect("a mark for the end");
    format!("{before}{mark}\n{table}\n{END}{after}")
}

#[test]
fn control_a_page_that_says_something_else_is_found() {
    let page = "a\n<!-- r -->\n\nold\n<!-- end -->\nb";
    assert_eq!(replaced(page, "r", "old"), page);
    let other = replaced(page, "r", "new");
    assert_ne!(other, page);
    assert_eq!(replaced(&other, "r", "old"), page);
}
