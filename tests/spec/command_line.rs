//! The command line is a contract: names, outputs, exit codes.

use casemate_tests::{Gateway, Output, Shared, guest, sample};
use serde_json::{Value, json};

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

#[test]
fn a_server_is_made_shown_and_switched() {
    let gateway = GATEWAY.get();
    gateway.workspace("acme");
    let made = gateway
        .cli(["server", "create", "tools", "-w", "acme", "--json"])
        .ok()
        .json();
    assert_eq!(
        (&made["name"], &made["workspace"], &made["active"]),
        (&json!("tools"), &json!("acme"), &json!(true))
    );
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["url"], gateway.mcp_url(&format!("/mcp/{id}")));
    let shown = gateway.cli(["server", "show", "tools"]).ok().stdout;
    assert!(
        shown.contains(id) && shown.contains(made["url"].as_str().unwrap()),
        "{shown}"
    );
    let off = gateway
        .cli(["server", "deactivate", "tools", "--json"])
        .ok()
        .json();
    assert_eq!((&off["active"], &off["id"]), (&json!(false), &made["id"]));
    let listed = gateway.cli(["server", "list", "--json"]).ok().json();
    assert!(
        listed["servers"]
            .as_array()
            .unwrap()
            .iter()
            .any(|server| server["id"] == made["id"])
    );
}

#[test]
fn a_key_is_the_only_thing_on_standard_output() {
    let gateway = GATEWAY.get();
    let server = gateway.server("keys");
    let made = gateway
        .cli([
            "key",
            "create",
            "Ada's laptop",
            "-s",
            "keys",
            "--expires",
            "90d",
        ])
        .ok();
    assert!(
        made.stdout.starts_with("mcp_") && made.stdout.lines().count() == 1,
        "{made}"
    );
    let listed = gateway
        .cli(["key", "list", "-s", &server.id, "--json"])
        .ok()
        .json();
    let key = &listed["keys"][1];
    assert_eq!(
        (&key["name"], &key["status"]),
        (&json!("Ada's laptop"), &json!("active"))
    );
    assert!(key["expires_at"].is_string());
}

#[test]
fn a_secret_comes_from_standard_input_and_never_back() {
    let gateway = GATEWAY.get();
    gateway.workspace("vault");
    gateway
        .cli_with(
            ["secret", "set", "API_KEY", "-w", "vault"],
            "the very secret value\n",
        )
        .ok();
    let listed = gateway
        .cli(["secret", "list", "-w", "vault", "--json"])
        .ok();
    assert_eq!(listed.json()["secrets"][0]["name"], "API_KEY");
    assert!(!listed.stdout.contains("very secret"));
    gateway
        .cli(["secret", "delete", "API_KEY", "-w", "vault", "--yes"])
        .ok();
    assert_eq!(
        gateway
            .cli(["secret", "list", "-w", "vault", "--json"])
            .ok()
            .json()["secrets"],
        json!([])
    );
    let short = gateway.cli_with(["secret", "set", "API_KEY", "-w", "vault"], "short");
    assert_eq!(short.code, 4, "{short}");
    assert!(short.stderr.contains("at least 8 bytes"), "{short}");
}

#[test]
fn exit_codes_tell_kinds_of_failure_apart() {
    let gateway = GATEWAY.get();
    let run = |arguments: &[&str]| gateway.cli(arguments).code;
    assert_eq!(run(&["workspace", "create", "codes"]), 0);
    assert_eq!(run(&["no-such-command"]), 2);
    assert_eq!(run(&["workspace", "create"]), 2);
    assert_eq!(
        run(&["workspace", "create", "codes"]),
        4,
        "the name is taken"
    );
    assert_eq!(run(&["workspace", "create", "Not A Name"]), 4);
    assert_eq!(run(&["server", "show", "nobody"]), 4);
    let with = |name: &str, value: &str| {
        let mut command = gateway.cli_command();
        command.args(["workspace", "list"]).env(name, value);
        Output::of(command, "")
    };
    assert_eq!(with("CASEMATE_TOKEN", "cma_wrong").code, 3);
    let unreachable = with("CASEMATE_URL", "http://127.0.0.1:9");
    assert_eq!(unreachable.code, 5, "{unreachable}");
    assert!(unreachable.stderr.contains("127.0.0.1:9"), "{unreachable}");
}

#[test]
fn without_a_token_the_command_line_says_how_to_get_one() {
    let gateway = GATEWAY.get();
    let mut command = gateway.cli_command();
    command
        .args(["workspace", "list"])
        .env_remove("CASEMATE_TOKEN")
        .env("HOME", "/nonexistent");
    command.env("CASEMATE_CONFIG_DIR", gateway.scratch().join("nobody"));
    let refused = Output::of(command, "");
    assert_eq!(refused.code, 3, "{refused}");
    assert!(refused.stderr.contains("casemate login"), "{refused}");
}

#[test]
fn a_login_is_remembered_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let gateway = GATEWAY.get();
    let config = gateway.scratch().join("someone");
    let run = |arguments: &[&str], input: &str| {
        let mut command = gateway.cli_command();
        command
            .env_remove("CASEMATE_TOKEN")
            .env_remove("CASEMATE_URL");
        command.env("CASEMATE_CONFIG_DIR", &config).args(arguments);
        Output::of(command, input)
    };
    let token = casemate_tests::ADMIN_TOKEN;
    let wrong = run(
        &["login", "--url", &gateway.admin_url(""), "--token-stdin"],
        "cma_wrong",
    );
    assert_eq!(wrong.code, 3, "{wrong}");
    let login = run(
        &["login", "--url", &gateway.admin_url(""), "--token-stdin"],
        token,
    )
    .ok();
    assert!(!login.to_string().contains(token), "{login}");
    run(&["workspace", "list"], "").ok();
    let files: Vec<_> = std::fs::read_dir(&config)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for file in files {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} may be read by others", file.display());
    }
}

#[test]
fn every_command_explains_itself() {
    let gateway = GATEWAY.get();
    let help = gateway.cli(["--help"]).ok().stdout;
    for command in [
        "serve",
        "login",
        "workspace",
        "server",
        "key",
        "secret",
        "push",
        "tool",
        "call",
        "logs",
        "inspect",
    ] {
        assert!(help.contains(command), "{command} is missing:\n{help}");
        let told = gateway.cli([command, "--help"]).ok().stdout;
        assert!(told.contains("Usage:"), "{told}");
    }
}

#[test]
fn output_without_a_terminal_has_no_color() {
    let gateway = GATEWAY.get();
    let mut command = gateway.cli_command();
    command.args(["workspace", "list"]).env_remove("NO_COLOR");
    let listed = Output::of(command, "").ok();
    assert!(
        !listed.stdout.contains('\u{1b}') && !listed.stderr.contains('\u{1b}'),
        "{listed}"
    );
}

#[test]
fn the_first_start_prints_the_access_token_once() {
    let mut gateway = Gateway::builder().without_bootstrap_token().start();
    let token = gateway.await_log("an access token", first_token);
    let mut command = gateway.cli_command();
    command
        .args(["workspace", "create", "first"])
        .env("CASEMATE_TOKEN", &token);
    Output::of(command, "").ok();
    assert!(gateway.stop().success());
    let before = gateway.log().len();
    gateway.start_again();
    assert_eq!(first_token(&gateway.log()[before..]), None);
}

fn first_token(log: &str) -> Option<String> {
    log.lines()
        .find_map(|line| line.strip_prefix("export CASEMATE_TOKEN="))
        .map(str::to_owned)
}

#[test]
fn a_setting_that_does_not_exist_stops_the_start() {
    let gateway = Gateway::builder().config("[limits]\nfule = 1").build();
    let told = gateway.refuses_to_start();
    assert!(told.contains("fule"), "{told}");
    let data = gateway.scratch().join("data");
    let open = [
        "--admin-listen",
        "0.0.0.0:0",
        "--listen",
        "127.0.0.1:0",
        "--data",
    ];
    let refused = Output::of(
        {
            let mut command = std::process::Command::new(casemate_tests::casemate());
            command.arg("serve").args(open).arg(data);
            command
        },
        "",
    );
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.stderr.contains("loopback"), "{refused}");
}

#[test]
fn an_error_is_json_where_json_was_asked_for() {
    let gateway = GATEWAY.get();
    let error = |output: Output| -> Value {
        assert_eq!(output.stdout, "", "{output}");
        let error: Value = serde_json::from_str(&output.stderr).unwrap();
        assert_eq!(error["error"]["exit"], output.code, "{output}");
        error["error"].clone()
    };
    let unknown = error(gateway.cli(["server", "show", "nobody", "--json"]));
    assert_eq!(unknown["code"], "not_found");
    assert_eq!(unknown["problem"]["status"], 404);
    assert!(
        unknown["hint"]
            .as_str()
            .unwrap()
            .contains("casemate server list")
    );
    assert_eq!(
        error(gateway.cli(["server", "shwo", "--json"]))["code"],
        "usage"
    );
    let mut elsewhere = gateway.cli_command();
    elsewhere.args(["server", "list", "--json"]);
    elsewhere.env("CASEMATE_URL", "http://127.0.0.1:9");
    assert_eq!(error(Output::of(elsewhere, ""))["code"], "unreachable");
}

#[test]
fn a_wrong_address_is_told_apart_and_the_right_one_named() {
    let gateway = GATEWAY.get();
    let told = |url: String| {
        let mut command = gateway.cli_command();
        command.args(["server", "list"]).env("CASEMATE_URL", url);
        let output = Output::of(command, "");
        assert_eq!(output.code, 4, "{output}");
        output.stderr
    };
    let mcp = told(gateway.mcp_url(""));
    assert!(
        mcp.contains("for MCP clients") && mcp.contains("CASEMATE_URL"),
        "{mcp}"
    );
    let api = told(gateway.admin_url("/v1"));
    assert!(api.contains(&gateway.admin_url("/")), "{api}");
    let server = told(gateway.mcp_url("/mcp/srv_1"));
    assert!(server.contains("admin address"), "{server}");
}

#[test]
fn a_failed_call_shows_its_cause() {
    let gateway = GATEWAY.get();
    let server = gateway.server("causes");
    gateway.push(&server, guest("hostile"));
    let crashed = gateway.cli(["call", "causes/crash"]);
    assert_eq!(crashed.code, 1, "{crashed}");
    let (error, log) = crashed.stderr.split_once("[trap]").unwrap();
    assert!(
        error.contains("error:") && log.contains("these words stay inside"),
        "{crashed}"
    );
    let failed = gateway.cli(["call", "causes/fails_inside"]);
    assert!(
        failed.stderr.contains("Cause: the disk is on fire"),
        "{failed}"
    );
    let model = gateway.modern(&server).call("fails_inside", json!({}));
    assert!(!model.text().contains("fire"), "{}", model.text());
}

#[test]
fn a_whole_number_and_a_wrong_choice_are_told_apart_from_mistakes() {
    let gateway = GATEWAY.get();
    let server = gateway.server("numbers");
    gateway.push(&server, guest("hostile"));
    gateway
        .cli(["call", "numbers/nap", "milliseconds:=2.0"])
        .ok();
    let half = gateway.cli(["call", "numbers/nap", "milliseconds:=2.5"]);
    assert!(half.stderr.contains("input_rejected"), "{half}");
    gateway.push(&server, sample("qr-code"));
    let wrong = gateway.cli(["call", "numbers/qr_code", "text=a", "correction=best"]);
    assert!(wrong.stderr.contains("must be one of \"low\""), "{wrong}");
}

#[test]
fn the_fields_of_a_log_line_are_json_in_json() {
    let gateway = GATEWAY.get();
    let server = gateway.server("fields");
    gateway.push(&server, guest("hostile"));
    let called = gateway
        .cli(["call", "fields/logs_fields", "--json"])
        .ok()
        .json();
    assert_eq!(called["log"][0]["fields"]["status"], 201, "{called}");
    let logs = gateway.cli(["logs", "-s", "fields", "--json"]).ok().json();
    assert_eq!(logs["log"][0]["fields"]["status"], 201, "{logs}");
    let unknown = gateway.cli(["logs", "--status", "bad"]);
    assert!(
        unknown.code == 2 && unknown.stderr.contains("tool_error"),
        "{unknown}"
    );
}

#[test]
fn arguments_are_read_by_the_schema_of_the_tool() {
    let gateway = GATEWAY.get();
    let server = gateway.server("coerces");
    gateway.push(&server, sample("echo"));
    let number = gateway.cli(["call", "coerces/echo", "text=42"]).ok();
    assert_eq!(number.stdout.trim(), "42", "a text stays a text");
    let file = gateway.scratch().join("arguments.json");
    std::fs::write(&file, r#"{"text":"from a file"}"#).unwrap();
    let from_file = gateway
        .cli(["call", "coerces/echo", &format!("@{}", file.display())])
        .ok();
    assert_eq!(from_file.stdout.trim(), "from a file");
    let piped = gateway
        .cli_with(
            ["call", "coerces/echo", "-", "--json"],
            r#"{"text":"piped"}"#,
        )
        .ok();
    let reply: Value = piped.json();
    assert_eq!(reply["result"]["content"][0]["text"], "piped");
    assert_eq!(reply["outcome"], "ok");
}
