//! What the product does is said in `gateway/src/service` without the words of any door to it.

use super::sizes::rust_files;
use casemate_tests::root;
use std::fs;

/// The identifiers in the code that belong to a door. Strings and comments may say what they like:
/// every key begins with `mcp_`.
fn words_of_doors(source: &str) -> Vec<String> {
    let of_a_door = |word: &&str| {
        let word = word.to_ascii_lowercase();
        ["mcp", "axum", "rmcp", "jsonrpc"]
            .iter()
            .any(|door| word.starts_with(door))
    };
    let mut found = Vec::new();
    for line in source.lines() {
        let outside_strings: String = line.split('"').step_by(2).collect();
        let code = outside_strings.split("//").next().unwrap_or_default();
        let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        found.extend(words.filter(of_a_door).map(str::to_owned));
    }
    found
}

#[test]
fn the_service_knows_neither_axum_nor_mcp() {
    let gateway = root().join("gateway/src");
    let mut found = Vec::new();
    let mut read = 0;
    for file in rust_files(&gateway) {
        let path = file.strip_prefix(&gateway).unwrap();
        if path.starts_with("service") || path.as_os_str() == "service.rs" {
            read += 1;
            let words = words_of_doors(&fs::read_to_string(&file).unwrap());
            found.extend(
                words
                    .into_iter()
                    .map(|word| format!("{}: {word}", path.display())),
            );
        }
    }
    assert!(read > 0, "there is no service to look at");
    assert_eq!(found, [""; 0]);
}

#[test]
fn control_a_word_of_a_door_is_found_in_code_and_left_alone_elsewhere() {
    let source = "use axum::Json; // mcp\nfn f() -> McpReply { crate::mcp::go(\"mcp_x\") }";
    assert_eq!(words_of_doors(source), ["axum", "McpReply", "mcp"]);
}
