//! A configuration is put in place without harming what is there, and a key is made once.

use super::echo;
use casemate_tests::{Gateway, Output, Server};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Where each client looks, in a home folder and in a project.
const FILES: &[(&str, &str, Option<&str>)] = &[
    ("claude-code", ".claude.json", Some(".mcp.json")),
    (
        "claude-desktop",
        "config/Claude/claude_desktop_config.json",
        None,
    ),
    ("cursor", ".cursor/mcp.json", Some(".cursor/mcp.json")),
    (
        "vscode",
        "config/Code/User/mcp.json",
        Some(".vscode/mcp.json"),
    ),
    ("windsurf", ".codeium/windsurf/mcp_config.json", None),
    ("zed", "config/zed/settings.json", None),
    (
        "gemini",
        ".gemini/settings.json",
        Some(".gemini/settings.json"),
    ),
    ("codex", ".codex/config.toml", Some(".codex/config.toml")),
    (
        "opencode",
        "config/opencode/opencode.json",
        Some("opencode.json"),
    ),
    (
        "continue",
        ".continue/mcpServers/NAME.yaml",
        Some(".continue/mcpServers/NAME.yaml"),
    ),
];

/// A home of its own, so that tests do not meet in one file.
struct Home<'a> {
    gateway: &'a Gateway,
    server: &'a Server,
    folder: tempfile::TempDir,
}

impl<'a> Home<'a> {
    fn new(gateway: &'a Gateway, server: &'a Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        Self {
            gateway,
            server,
            folder,
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder
            .path()
            .join(path.replace("NAME", &self.server.name))
    }

    fn connect(&self, client: &str, flags: &[&str], input: &str) -> Output {
        let mut command = self.gateway.cli_command();
        command
            .env("HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env_remove("CODEX_HOME")
            .env_remove("CLAUDE_CONFIG_DIR")
            .current_dir(self.path("project"))
            .args(["connect", client, "-s", &self.server.id])
            .args(flags);
        Output::of(command, input)
    }

    fn keys(&self) -> Vec<Value> {
        let list = self
            .gateway
            .cli(["key", "list", "-s", &self.server.id, "--json"])
            .ok()
            .json();
        list["keys"].as_array().unwrap().clone()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The keys in a text.
fn keys_in(text: &str) -> Vec<&str> {
    let end = |found: &str| found.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let found = text.match_indices("mcp_").map(|(at, _)| &text[at..]);
    let found = found.map(|found| &found[..end(found).unwrap_or(found.len())]);
    found.filter(|key| key.len() > 40).collect()
}

#[test]
fn every_client_is_written_where_it_looks_with_a_key_that_works() {
    let (gateway, server) = echo("writes");
    let home = Home::new(&gateway, &server);
    let clients = gateway.cli(["connect", "--json"]).ok().json();
    let writable = clients["clients"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["writable"] == true);
    assert_eq!(
        writable.count(),
        FILES.len(),
        "a client is missing in the table of this test"
    );
    for (client, file, _) in FILES {
        let output = home.connect(client, &["--write"], "").ok();
        let path = home.path(file);
        let text = read(&path);
        assert!(
            text.contains(&gateway.endpoint(&server)),
            "{client}: {text}"
        );
        // VS Code asks for its key; every other one has it in the file and nowhere else.
        let place = if *client == "vscode" {
            &output.stdout
        } else {
            &text
        };
        let [key] = keys_in(place)[..] else {
            panic!("{client}: not one key in {place}")
        };
        let answer = casemate_tests::mcp::Modern::new(gateway.endpoint(&server), key).list();
        assert_eq!(answer.tool_names(), ["echo"], "{client}");
        if *client != "vscode" {
            assert_eq!(
                (mode(&path), output.to_string().contains(key)),
                (0o600, false),
                "{client}"
            );
        }
    }
    let names: Vec<_> = home
        .keys()
        .iter()
        .map(|key| key["name"].as_str().unwrap().to_owned())
        .collect();
    for (client, ..) in FILES {
        assert!(
            names.iter().any(|name| name == client),
            "{client} has no key named after it"
        );
    }
}

#[test]
fn a_project_gets_no_key_and_a_person_gets_it_once() {
    let (gateway, server) = echo("projects");
    let home = Home::new(&gateway, &server);
    for (client, _, project) in FILES {
        let output = home.connect(client, &["--write", "--scope", "project"], "");
        let Some(file) = project else {
            assert_eq!(output.code, 2, "{client}: {output}");
            continue;
        };
        let text = read(
            &home
                .path("project")
                .join(file.replace("NAME", &server.name)),
        );
        assert!(keys_in(&text).is_empty(), "{client}: {text}");
        let output = output.ok();
        let [key] = keys_in(&output.stdout)[..] else {
            panic!("{client}: {output}")
        };
        assert!(!output.stderr.contains(key), "{client}: {output}");
        if *client != "vscode" {
            assert!(text.contains("CASEMATE_PROJECTS_KEY"), "{client}: {text}");
            assert_eq!(
                output.stdout.trim(),
                format!("export CASEMATE_PROJECTS_KEY={key}")
            );
        }
    }
}

#[test]
fn writing_twice_is_writing_once() {
    let (gateway, server) = echo("idempotent");
    let home = Home::new(&gateway, &server);
    for (client, file, _) in FILES {
        home.connect(client, &["--write"], "").ok();
        let (before, keys) = (read(&home.path(file)), home.keys().len());
        let again = home.connect(client, &["--write", "--json"], "").ok().json();
        assert_eq!(
            (&again["changed"], &again["key"]),
            (&json!(false), &json!(null)),
            "{client}"
        );
        assert_eq!(
            (read(&home.path(file)), home.keys().len()),
            (before.clone(), keys),
            "{client}"
        );
        let replaced = home
            .connect(client, &["--write", "--replace", "--json"], "")
            .ok()
            .json();
        assert_eq!(replaced["changed"], true, "{client}");
        assert_eq!(home.keys().len(), keys + 1, "{client}");
        if *client != "vscode" {
            assert_ne!(read(&home.path(file)), before, "{client}: not a new key");
        }
    }
}

#[test]
fn what_others_wrote_stays_as_it_is() {
    let (gateway, server) = echo("keeps");
    let home = Home::new(&gateway, &server);
    let zed = "// My settings\n{\n  \"theme\": \"One Dark\", // dark\n  /* servers */\n  \"context_servers\": {\n    \"other\": { \"command\": \"x\", \"args\": [1,  2] },\n  },\n  \"vim_mode\": true\n}\n";
    let codex = "# My settings\nmodel = 'gpt'   # fast\n\n[mcp_servers.other]\ncommand = \"x\"\n\n[tui]\ntheme = \"dark\"\n";
    for (client, file, text) in [
        ("zed", "config/zed/settings.json", zed),
        ("codex", ".codex/config.toml", codex),
    ] {
        let path = home.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        home.connect(client, &["--write"], "").ok();
        let written = read(&path);
        let mut rest = written.lines();
        for line in text.lines().filter(|line| !line.is_empty()) {
            assert!(
                rest.any(|kept| kept == line),
                "{client}: {line:?} is gone or moved:\n{written}"
            );
        }
        assert!(written.contains(&server.name), "{written}");
    }
}

#[test]
fn a_broken_file_is_left_alone_and_no_key_is_made() {
    let (gateway, server) = echo("broken");
    let home = Home::new(&gateway, &server);
    let keys = home.keys().len();
    let cases = [
        (
            "cursor",
            ".cursor/mcp.json",
            "{\n  \"mcpServers\": {\n    \"a\": }\n}",
            "line 3, column 10",
        ),
        (
            "cursor",
            ".cursor/mcp.json",
            "{\"mcpServers\": []}",
            "not an object",
        ),
        ("cursor", ".cursor/mcp.json", "[1]", "else than an object"),
        (
            "codex",
            ".codex/config.toml",
            "a = 1\nb = = 2\n",
            "line 2, column 5",
        ),
        (
            "codex",
            ".codex/config.toml",
            "mcp_servers = 1\n",
            "not a table",
        ),
    ];
    for (client, file, text, words) in cases {
        let path = home.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let output = home.connect(client, &["--write"], "");
        assert_eq!(output.code, 4, "{text}: {output}");
        assert!(
            output.stderr.contains(words) && output.stderr.contains("[client_file]"),
            "{output}"
        );
        assert_eq!(
            (read(&path).as_str(), home.keys().len()),
            (text, keys),
            "{text}"
        );
    }
}

#[test]
fn an_entry_of_somebody_else_is_not_overwritten() {
    let (gateway, server) = echo("taken");
    let home = Home::new(&gateway, &server);
    let path = home.path(".cursor/mcp.json");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let theirs = "{\"mcpServers\": {\"taken\": {\"url\": \"https://else.test/mcp\"}}}\n";
    fs::write(&path, theirs).unwrap();
    let output = home.connect("cursor", &["--write"], "");
    assert!(
        output.code == 4 && output.stderr.contains("[entry_exists]"),
        "{output}"
    );
    assert_eq!(read(&path), theirs);
    home.connect("cursor", &["--write", "--name", "mine"], "")
        .ok();
    let written: Value = serde_json::from_str(&read(&path)).unwrap();
    assert_eq!(
        written["mcpServers"]["taken"]["url"],
        "https://else.test/mcp"
    );
    assert_eq!(
        written["mcpServers"]["mine"]["url"],
        json!(gateway.endpoint(&server))
    );
}

#[test]
fn a_dry_run_shows_what_would_change_and_changes_nothing() {
    let (gateway, server) = echo("dry");
    let home = Home::new(&gateway, &server);
    let path = home.path(".cursor/mcp.json");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let before = format!(
        "{{\n  \"mcpServers\": {{\n    \"other\": {{ \"key\": \"{}\" }}\n  }}\n}}\n",
        server.key
    );
    fs::write(&path, &before).unwrap();
    let keys = home.keys().len();
    let output = home.connect("cursor", &["--dry-run"], "").ok();
    assert!(
        output.stdout.contains("+ ") && output.stdout.contains(&server.id),
        "{output}"
    );
    assert!(keys_in(&output.to_string()).is_empty(), "{output}");
    assert_eq!((read(&path), home.keys().len()), (before, keys));
}

#[test]
fn a_key_that_is_there_already_is_taken_from_where_it_is() {
    let (gateway, server) = echo("given");
    let home = Home::new(&gateway, &server);
    let keys = home.keys().len();
    home.connect(
        "cursor",
        &["--write", "--key-stdin"],
        &format!("{}\n", server.key),
    )
    .ok();
    assert_eq!(
        keys_in(&read(&home.path(".cursor/mcp.json"))),
        [&*server.key]
    );
    home.connect("codex", &["--write", "--key-env", "MY_KEY"], "")
        .ok();
    assert!(read(&home.path(".codex/config.toml")).contains("bearer_token_env_var = \"MY_KEY\""));
    // Zed knows no variables, so the key itself is needed.
    let output = home.connect("zed", &["--write", "--key-env", "MY_KEY"], "");
    assert!(
        output.code == 3 && output.stderr.contains("[no_key]"),
        "{output}"
    );
    let output = home.connect(
        "cursor",
        &["--write", "--name", "b", "--key-stdin"],
        "hunter2",
    );
    assert!(
        output.code == 3 && !output.to_string().contains("hunter2"),
        "{output}"
    );
    assert_eq!(
        home.keys().len(),
        keys,
        "a key was made although there was one"
    );
}

#[test]
fn a_link_never_holds_a_key() {
    let (gateway, server) = echo("links");
    let home = Home::new(&gateway, &server);
    let keys = home.keys().len();
    for (client, scheme) in [("cursor", "cursor://"), ("vscode", "vscode:mcp/install?")] {
        let output = home.connect(client, &["--link"], "").ok();
        assert!(
            output.stdout.starts_with(scheme) && keys_in(&output.stdout).is_empty(),
            "{output}"
        );
    }
    assert_eq!(home.connect("codex", &["--link"], "").code, 2);
    assert_eq!(home.keys().len(), keys);
}

#[test]
fn a_file_that_cannot_be_written_costs_no_key() {
    let (gateway, server) = echo("unwritable");
    let home = Home::new(&gateway, &server);
    // A file where a folder should be: nobody can write below it, not even root.
    fs::write(home.path(".cursor"), "").unwrap();
    let output = home.connect("cursor", &["--write"], "");
    assert!(
        output.code != 0 && output.stderr.contains("[client_file]"),
        "{output}"
    );
    let working = home
        .keys()
        .iter()
        .filter(|key| key["status"] == "active" && key["name"] == "cursor")
        .count();
    assert_eq!(working, 0, "{output}");
}

#[test]
fn an_unknown_client_is_told_the_nearest_name() {
    let (gateway, server) = echo("unknown-client");
    let output = gateway.cli(["connect", "claude", "-s", &server.name]);
    assert!(
        output.code == 2 && output.stderr.contains("Did you mean `claude-code`?"),
        "{output}"
    );
}

#[test]
fn a_url_and_a_key_are_enough_without_an_access_token() {
    let (gateway, server) = echo("no-token");
    let home = Home::new(&gateway, &server);
    let url = gateway.endpoint(&server);
    let run = |flags: &[&str], input: &str| {
        let mut command = gateway.cli_command();
        command
            .env_remove("CASEMATE_TOKEN")
            .env("HOME", home.folder.path())
            .env("XDG_CONFIG_HOME", home.path("config"))
            .args(["connect", "cursor", "--url", &url, "--write"])
            .args(flags);
        Output::of(command, input)
    };
    let keyless = run(&[], "");
    assert!(
        keyless.code == 3 && keyless.stderr.contains("[no_key]"),
        "{keyless}"
    );
    run(&["--key-stdin", "--name", "mine"], &server.key).ok();
    let written: Value = serde_json::from_str(&read(&home.path(".cursor/mcp.json"))).unwrap();
    let entry = &written["mcpServers"]["mine"];
    assert_eq!(entry["url"], json!(url));
    assert_eq!(
        entry["headers"]["Authorization"],
        json!(format!("Bearer {}", server.key))
    );
}
