//! Guests that say about themselves what nobody should read: G36.

use super::{
    family::Family,
    row::{
        Control::Honest,
        End::{Completes, Refused},
        Row,
    },
};
use casemate_guest_forge::Definition;

macro_rules! said {
    ($($id:literal, $what:literal, $change:expr;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: |tool| {
                let mut definition = Definition::named(tool);
                let change: fn(&mut Definition) = $change;
                change(&mut definition);
                definition.component()
            },
            ends: Refused("metadata_rejected"),
            control: Honest(|tool| Definition::named(tool).component(), Completes),
        }),+]
    };
}

pub(super) static SAID: Family = Family {
    name: "metadata",
    settings: &[],
    rows: &said! {
        "G36a", "a description of 10 MiB", |d| d.description = "x".repeat(10 << 20);
        "G36b", "a description a little too long", |d| d.description = "x".repeat((16 << 10) + 1);
        "G36c", "tag characters", |d| d.description = "a\u{e0041}\u{e0042}".to_owned();
        "G36d", "a space without width", |d| d.description = "a\u{200b}b".to_owned();
        "G36e", "a joiner without width", |d| d.description = "a\u{2060}b".to_owned();
        "G36f", "text that runs the other way", |d| d.description = "a\u{202e}b".to_owned();
        "G36g", "an isolate that is never closed", |d| d.description = "a\u{2066}b".to_owned();
        "G36h", "a terminal's escape", |d| d.description = "a\u{1b}[2Jb".to_owned();
        "G36i", "a NUL in the description", |d| d.description = "a\0b".to_owned();
        "G36j", "a mark of byte order", |d| d.description = "\u{feff}a".to_owned();
        "G36k", "no description", |d| d.description = " \n".to_owned();
        "G36l", "a NUL in the name", |d| d.name = "a\0b".to_owned();
        "G36m", "a space in the name", |d| d.name = "a b".to_owned();
        "G36n", "a name of 200 characters", |d| d.name = "x".repeat(200);
        "G36o", "no name", |d| d.name = String::new();
        "G36p", "a name that looks like another's", |d| d.name = "\u{0435}cho".to_owned();
        "G36q", "a name that leads to another folder", |d| d.name = "../echo".to_owned();
        "G36r", "the same tool twice", |d| d.copies = 2;
        "G36s", "a thousand tools", |d| d.copies = 1_000;
        "G36t", "no tool", |d| d.copies = 0;
        "G36u", "hidden text in the title", |d| d.title = Some("a\u{200d}\u{e0001}".to_owned());
        "G36v", "a long title", |d| d.title = Some("x".repeat(1_000));
        "G36w", "a picture that runs code", |d| d.icon = Some("javascript:alert(1)".to_owned());
        "G36x", "a picture from this machine", |d| d.icon = Some("file:///etc/passwd".to_owned());
        "G36y", "metadata that is no object", |d| d.meta = Some("[]".to_owned());
        "G36z", "metadata of a megabyte",
            |d| d.meta = Some(format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20)));
        "G36ba", "metadata in the name of the protocol",
            |d| d.meta = Some(r#"{"io.modelcontextprotocol/serverInfo":{}}"#.to_owned());
        "G36bb", "metadata in the name of the gateway, in escapes",
            |d| d.meta = Some(r#"{"dev.case\u006date/receipt":{}}"#.to_owned());
        "G36aa", "a host with a path", |d| d.hosts = vec!["https://a.test/b".to_owned()];
        "G36ab", "a secret that leads to another folder", |d| d.secrets = vec!["../KEY".to_owned()];
        "G36ac", "a capability that there is not", |d| d.capability = Some("telepathy".to_owned());
        "G36ad", "a secret a thousand times", |d| d.secrets = vec!["KEY".to_owned(); 1_000];
    },
};

#[test]
fn metadata_that_nobody_should_read_is_refused() {
    SAID.ends_as_it_should();
}

#[test]
fn control_a_guest_that_says_what_it_does_is_taken() {
    SAID.ends_otherwise_without_the_guard();
}
