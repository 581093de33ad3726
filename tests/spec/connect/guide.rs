//! The guide shows what `casemate connect` prints.
//!
//! A comment before each block of code names the command, as `<!-- casemate connect … -->`. The
//! block stands for what it prints, with `URL` and `KEY` in their places.

use super::echo;
use casemate_tests::{Gateway, Server, root};
use serde_json::Value;
use std::{collections::BTreeSet, fs};

/// A block of code and the arguments of its command.
struct Block {
    arguments: Vec<String>,
    language: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let guide = fs::read_to_string(root().join("docs/guides/connect.md")).unwrap();
    let commands = guide.split("<!-- casemate connect ").skip(1);
    commands
        .map(|rest| {
            let (command, rest) = rest
                .split_once(" -->\n```")
                .expect("a block follows its command");
            let (language, rest) = rest.split_once('\n').unwrap();
            let (text, _) = rest.split_once("```").unwrap();
            Block {
                arguments: command.split_whitespace().map(str::to_owned).collect(),
                language: language.to_owned(),
                text: text.trim_end().to_owned(),
            }
        })
        .collect()
}

/// What a text means in its language, so that only what matters is compared.
fn meaning(language: &str, text: &str) -> Value {
    match language {
        "json" => serde_json::from_str(text).unwrap_or_else(|e| panic!("not JSON ({e}): {text}")),
        "toml" => toml::from_str(text).unwrap_or_else(|e| panic!("not TOML ({e}): {text}")),
        "yaml" => serde_saphyr::from_str(text).unwrap_or_else(|e| panic!("not YAML ({e}): {text}")),
        "sh" => shlex::split(text).expect("quotes are closed").into(),
        "python" | "js" | "text" => text.into(),
        other => panic!("nobody knows how to read {other}"),
    }
}

/// What the command prints, in the words of the guide.
fn printed(block: &Block, gateway: &Gateway, server: &Server) -> String {
    let mut arguments = vec!["connect", "--json", "-s", &server.id];
    arguments.extend(block.arguments.iter().map(String::as_str));
    let shown = gateway.cli(arguments).ok().json();
    if block.arguments.iter().any(|argument| argument == "--link") {
        return shown["link"].as_str().unwrap().to_owned();
    }
    let text = match &shown["command"] {
        Value::String(command) if block.language == "sh" => command.clone(),
        _ => shown["text"].as_str().unwrap().to_owned(),
    };
    let program = casemate_tests::casemate().display().to_string();
    let text = text
        .replace(&gateway.endpoint(server), "URL")
        .replace(&program, "/path/to/casemate");
    with_stand_in(&text)
}

/// A text with `KEY` in place of its key. What is shorter is a word, such as `mcp_servers`.
fn with_stand_in(text: &str) -> String {
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_of_key(c));
    let key = words
        .filter(|word| word.starts_with("mcp_"))
        .find(|word| word.len() > 40);
    key.map_or_else(|| text.to_owned(), |key| text.replace(key, "KEY"))
}

#[test]
fn every_block_of_the_guide_is_what_the_command_prints() {
    let (gateway, server) = echo("weather");
    let blocks = blocks();
    assert!(
        blocks.len() > 15,
        "the guide has only {} blocks",
        blocks.len()
    );
    for block in blocks {
        let printed = printed(&block, &gateway, &server);
        let (language, command) = (&block.language, block.arguments.join(" "));
        assert_eq!(
            meaning(language, &block.text),
            meaning(language, &printed),
            "casemate connect {command} prints:\n{printed}"
        );
    }
}

#[test]
fn every_client_has_a_section_with_its_file() {
    let guide = fs::read_to_string(root().join("docs/guides/connect.md")).unwrap();
    let shown: BTreeSet<_> = blocks()
        .iter()
        .map(|block| block.arguments[0].clone())
        .collect();
    let (gateway, _) = echo("sections");
    let clients = gateway.cli(["connect", "--json"]).ok().json();
    for client in clients["clients"].as_array().unwrap() {
        let (id, title) = (
            client["id"].as_str().unwrap(),
            client["title"].as_str().unwrap(),
        );
        assert!(shown.contains(id), "the guide does not show {id}");
        assert!(
            guide.contains(&format!("\n### {title}\n")),
            "{title} has no section"
        );
        if let Some(file) = client["project_file"].as_str() {
            assert!(
                guide.contains(&format!("`{}`", file.replace("@NAME@", "NAME"))),
                "{id}: {file}"
            );
        }
    }
}

#[test]
fn control_a_block_that_differs_is_found() {
    let (gateway, server) = echo("guide-control");
    let block = Block {
        arguments: vec!["cursor".to_owned()],
        language: "json".to_owned(),
        text: String::new(),
    };
    let printed = printed(&block, &gateway, &server);
    assert!(
        printed.contains("Bearer KEY") && printed.contains("\"URL\""),
        "{printed}"
    );
    let wrong = printed.replace("\"url\"", "\"httpUrl\"");
    assert_ne!(meaning("json", &printed), meaning("json", &wrong));
    for (language, one, other) in [
        ("toml", "a = 1", "a = 2"),
        ("yaml", "a: 1", "a: 2"),
        ("sh", "a 'b'", "a c"),
    ] {
        assert_ne!(meaning(language, one), meaning(language, other));
    }
    assert_eq!(meaning("yaml", "a: \"x\""), meaning("yaml", "a: x"));
}
