//! Who may see which secret, and where it is sent.

use super::*;

const BOUND: Target<'static> = Target {
    scheme: "https",
    host: "api.example.com",
    port: 443,
};
const OTHER: Target<'static> = Target {
    scheme: "https",
    host: "evil.example.com",
    port: 443,
};

fn secrets() -> Secrets {
    let grant = |name: &str, host: &str, reveal| SecretGrant {
        name: name.parse().unwrap(),
        hosts: vec![host.parse().unwrap()],
        header: None,
        reveal,
    };
    let header = |name: &str, header: &str| SecretGrant {
        header: Some(header.parse().unwrap()),
        ..grant(name, "api.example.com", false)
    };
    let grant = Grant {
        secrets: vec![
            grant("BOUND", "api.example.com", false),
            grant("OPEN", "api.example.com", true),
            grant("UNSET", "api.example.com", true),
            header("ADDED", "Authorization: Bearer {}"),
            header("SECOND", "authorization: {}"),
        ],
        ..Grant::default()
    };
    let set = |name: &str| (name.parse().unwrap(), SecretString::from("value-of-it"));
    let values = ["BOUND", "OPEN", "ADDED", "SECOND"].map(set).into();
    Secrets::new(Arc::new(grant), values, Arc::default())
}

fn added(secrets: &mut Secrets, target: &Target<'_>, before: Option<&[&str]>) -> Vec<String> {
    let before: Option<Vec<SecretName>> =
        before.map(|names| names.iter().map(|name| name.parse().unwrap()).collect());
    let added = secrets.added(target, before.as_deref()).unwrap();
    let shown = |added: &Added| format!("{}: {}", added.header.name(), added.value.as_str());
    added.iter().map(shown).collect()
}

#[test]
fn a_header_is_added_towards_its_host_only_and_once() {
    let mut secrets = secrets();
    assert!(added(&mut secrets, &OTHER, None).is_empty());
    assert!(secrets.take_used().is_empty());
    let expected = ["Authorization: Bearer value-of-it"];
    assert_eq!(added(&mut secrets, &BOUND, None), expected);
    assert_eq!(secrets.take_used(), ["ADDED"]);
}

#[test]
fn after_a_redirect_a_header_is_added_only_if_the_request_before_had_it() {
    let mut secrets = secrets();
    assert_eq!(added(&mut secrets, &BOUND, Some(&["ADDED"])).len(), 1);
    assert!(added(&mut secrets, &BOUND, Some(&[])).is_empty());
    assert!(added(&mut secrets, &OTHER, Some(&["ADDED"])).is_empty());
}

#[test]
fn a_header_without_a_value_is_named_rather_than_left_out() {
    let mut secrets = secrets();
    secrets.values.clear();
    let refused = secrets.added(&BOUND, None).err();
    let secret = "ADDED".to_owned();
    assert_eq!(refused, Some(Withheld::NotSet { secret }));
}

#[test]
fn a_secret_is_looked_for_from_its_first_use_on() {
    let mut secrets = secrets();
    let text = || "value-of-it".to_owned();
    secrets.placeholder("BOUND").unwrap();
    assert_eq!(secrets.redactor.mask(text()), text(), "not used yet");
    secrets.reveal("OPEN").unwrap();
    assert_eq!(secrets.redactor.mask(text()), "[secret OPEN]");
}

#[test]
fn in_a_later_round_what_the_tool_may_read_is_looked_for_from_the_beginning() {
    let secrets = secrets();
    secrets.recall();
    let text = "value-of-it".to_owned();
    assert_eq!(secrets.redactor.mask(text.clone()), "[secret OPEN]");
    assert!(secrets.used.is_empty(), "it was not asked for");
    let hidden = secrets.hide(text.clone().into_bytes());
    assert_eq!(hidden, text.into_bytes(), "the tool may read it");
}

#[test]
fn a_placeholder_is_filled_in_towards_its_host_only() {
    let mut secrets = secrets();
    let token = secrets.placeholder("BOUND").unwrap();
    let header = format!("Bearer {token}");
    let filled = secrets.fill(&header, &BOUND).unwrap().unwrap();
    assert_eq!(filled.as_str(), "Bearer value-of-it");
    let refused = secrets.fill(&header, &OTHER).unwrap_err();
    let expected = Withheld::WrongHost {
        secret: "BOUND".to_owned(),
        bound: "api.example.com".to_owned(),
    };
    assert_eq!(refused, expected);
    assert_eq!(secrets.take_used(), ["BOUND"]);
}

#[test]
fn a_placeholder_is_one_word_per_call_and_secret() {
    let mut first = secrets();
    let token = first.placeholder("BOUND").unwrap();
    assert_eq!(first.placeholder("BOUND").unwrap(), token);
    assert_ne!(first.placeholder("OPEN").unwrap(), token);
    assert_ne!(secrets().placeholder("BOUND").unwrap(), token);
}

#[test]
fn only_a_grant_that_says_so_reveals() {
    let mut secrets = secrets();
    assert_eq!(secrets.reveal("OPEN").unwrap(), "value-of-it");
    assert_eq!(secrets.reveal("BOUND"), Err(Refusal::NotGranted));
    assert_eq!(secrets.reveal("UNSET"), Err(Refusal::NotSet));
    assert_eq!(secrets.reveal("UNKNOWN"), Err(Refusal::NotGranted));
    assert_eq!(secrets.placeholder("UNKNOWN"), Err(Refusal::NotGranted));
    assert_eq!(secrets.placeholder("UNSET"), Err(Refusal::NotSet));
}

#[test]
fn text_without_a_placeholder_is_left_alone() {
    assert!(secrets().fill("plain", &OTHER).unwrap().is_none());
}
