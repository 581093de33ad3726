//! What was acknowledged is there after the worst.

use casemate_tests::{Gateway, Server, sample};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

const ROUNDS: u64 = 4;

/// What writers were told had been done.
#[derive(Default)]
struct Acknowledged {
    workspaces: BTreeSet<String>,
    secrets: BTreeSet<String>,
    revoked: BTreeSet<String>,
    keys: BTreeSet<String>,
    calls: BTreeSet<String>,
}

#[test]
fn a_kill_in_the_middle_of_writes_and_calls_loses_nothing_acknowledged() {
    let mut gateway = Gateway::start();
    let server = gateway.server("survivor");
    gateway.push(&server, sample("echo"));
    let acknowledged = Mutex::new(Acknowledged::default());
    for round in 0..ROUNDS {
        disturb(&mut gateway, &server, round, &acknowledged);
        gateway.start_again();
        check(&gateway, &server, &acknowledged.lock().unwrap());
    }
    let seen = acknowledged.into_inner().unwrap();
    let writes = seen.workspaces.len() + seen.secrets.len() + seen.keys.len() + seen.revoked.len();
    assert!(
        writes >= 20,
        "only {writes} writes were acknowledged: the test tests nothing"
    );
    assert!(
        seen.calls.len() >= 20,
        "only {} calls were answered",
        seen.calls.len()
    );
}

/// Writes and calls from several threads until a kill, at another moment in each round.
fn disturb(gateway: &mut Gateway, server: &Server, round: u64, acknowledged: &Mutex<Acknowledged>) {
    let over = AtomicBool::new(false);
    let admin = gateway.admin_url("");
    let client = gateway.modern(server);
    thread::scope(|scope| {
        scope.spawn(|| until(&over, |n| write(&admin, server, round, n, acknowledged)));
        scope.spawn(|| {
            until(&over, |n| {
                let text = format!("{round}-{n}");
                let opened = client
                    .calling("echo", json!({ "text": text }))
                    .request()
                    .try_send()
                    .ok()?;
                (opened.status == 200).then(|| acknowledged.lock().unwrap().calls.insert(text))?;
                Some(())
            });
        });
        thread::sleep(Duration::from_millis(400 + 137 * round));
        gateway.kill9();
        over.store(true, Ordering::Relaxed);
    });
}

/// Repeats until the end is called or a step fails, as the first after the kill does.
fn until(over: &AtomicBool, mut step: impl FnMut(u64) -> Option<()>) {
    for n in 0.. {
        if over.load(Ordering::Relaxed) || step(n).is_none() {
            return;
        }
    }
}

/// One write of each kind in turn.
fn write(
    admin: &str,
    server: &Server,
    round: u64,
    n: u64,
    acknowledged: &Mutex<Acknowledged>,
) -> Option<()> {
    let send = |method: &str, path: &str, body: Value| -> Option<Value> {
        let request = casemate_tests::http::Request::new(method, &format!("{admin}{path}"))
            .bearer(casemate_tests::ADMIN_TOKEN)
            .json(&body);
        let response = request.try_send().ok()?;
        (response.status < 300).then(|| response.json())
    };
    match n % 4 {
        0 => {
            let name = format!("w-{round}-{n}");
            send("POST", "/v1/workspaces", json!({ "name": name }))?;
            acknowledged.lock().unwrap().workspaces.insert(name);
        }
        1 => {
            let name = format!("SECRET_{round}_{n}");
            let path = format!("/v1/workspaces/{}/secrets/{name}", server.workspace);
            send("PUT", &path, json!({ "value": "a value of enough bytes" }))?;
            acknowledged.lock().unwrap().secrets.insert(name);
        }
        2 => {
            let made = send(
                "POST",
                "/v1/keys",
                json!({ "name": "k", "servers": [server.id] }),
            )?;
            acknowledged
                .lock()
                .unwrap()
                .keys
                .insert(made["id"].as_str()?.to_owned());
        }
        _ => {
            let id = acknowledged.lock().unwrap().keys.last().cloned()?;
            send("POST", &format!("/v1/keys/{id}/revoke"), json!({}))?;
            acknowledged.lock().unwrap().revoked.insert(id);
        }
    }
    Some(())
}

fn check(gateway: &Gateway, server: &Server, acknowledged: &Acknowledged) {
    let listed = |arguments: &[&str], list: &str, field: &str| -> BTreeSet<String> {
        let told = gateway.cli(arguments).ok().json();
        told[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item[field].as_str().unwrap().to_owned())
            .collect()
    };
    let workspaces = listed(&["workspace", "list", "--json"], "workspaces", "name");
    assert!(acknowledged.workspaces.is_subset(&workspaces));
    let secrets = listed(
        &["secret", "list", "-w", &server.workspace, "--json"],
        "secrets",
        "name",
    );
    assert!(acknowledged.secrets.is_subset(&secrets));
    let keys = gateway.cli(["key", "list", "--json"]).ok().json();
    let keys = keys["keys"].as_array().unwrap();
    let status = |id: &String| {
        keys.iter()
            .find(|key| key["id"] == **id)
            .map(|key| key["status"].clone())
    };
    assert!(acknowledged.keys.iter().all(|id| status(id).is_some()));
    assert!(
        acknowledged
            .revoked
            .iter()
            .all(|id| status(id) == Some(json!("revoked")))
    );
    assert_eq!(
        gateway
            .modern(server)
            .call("echo", json!({ "text": "still here" }))
            .text(),
        "still here"
    );
}

#[test]
fn a_stop_lets_running_calls_end_and_keeps_their_records() {
    // The guest watches the clock, which is a host call each time.
    let mut gateway = Gateway::builder()
        .config("limits.host_calls = 1_000_000_000")
        .start();
    let server = gateway.server("graceful");
    gateway.push(&server, casemate_tests::guest("hostile"));
    let client = gateway.modern(&server);
    thread::scope(|scope| {
        let call = scope.spawn(|| client.call("sleepy", json!({ "milliseconds": 700 })));
        thread::sleep(Duration::from_millis(250));
        gateway.terminate();
        let reply = call.join().unwrap();
        assert!(!reply.is_tool_error(), "{}", reply.http);
    });
    assert!(gateway.wait().success());
    gateway.start_again();
    let logged = gateway
        .cli(["logs", "-s", &server.id, "--json"])
        .ok()
        .stdout;
    assert!(logged.contains("sleepy"), "{logged}");
}

#[test]
fn a_key_file_that_others_may_read_or_that_is_gone_is_refused() {
    use std::{fs, os::unix::fs::PermissionsExt};
    let mut gateway = Gateway::start();
    gateway.server("keyed");
    assert!(gateway.stop().success());
    let path = gateway.data_dir().join("keys/root.key");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(gateway.refuses_to_start().contains("chmod 600"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let kept = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(gateway.refuses_to_start().contains("missing"));
    assert!(!path.exists(), "a lost key is not replaced in silence");
    fs::write(&path, [7; 32]).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(gateway.refuses_to_start().contains("does not belong"));
    fs::write(&path, kept).unwrap();
    gateway.start_again();
}
