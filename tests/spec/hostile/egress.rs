//! Guests that reach out to where they may not: G40 to G49, but for what takes a browser or a name
//! server of the world. Each is granted the very host that it asks for, unless its row says
//! otherwise, so that what stands against it is the address, the hop, or a limit.

use super::{
    family::Family,
    row::{
        Control::Honest,
        End::{Recorded, Says},
        Row, Settings,
    },
    world::{at, trapped},
};
use casemate_guest_forge::{ANSWER_TEXT, Definition};

/// What a refusal says of the address of this machine or its network.
const PRIVATE: &str = "is at an address that is not on the public internet";
/// What it says of one that no setting opens.
const NEVER: &str = "No setting opens it";
const NOT_GRANTED: &str = "the grant does not allow";

const SETTINGS: Settings = &[
    ("limits.http_ms", 500),
    ("limits.http_body_bytes", 65_536),
    ("limits.http_requests", 8),
];

/// What a guest sends.
struct Ask {
    url: String,
    hosts: Vec<String>,
    header: Option<(&'static str, &'static str)>,
    times: u32,
}

impl Ask {
    /// One request, with these hosts granted.
    fn of(url: &str, hosts: &[&str]) -> Self {
        Self {
            url: url.to_owned(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            header: None,
            times: 1,
        }
    }

    /// One to this host at the port of the open server, with just this granted.
    fn host(host: &str) -> Self {
        Self::of(&at(host, "/"), &[&at(host, "")])
    }

    /// One to the open server, which leads elsewhere, with that granted too.
    fn led(path: &str, elsewhere: &str) -> Self {
        let open = at("open.test", "");
        let hosts = [open.as_str(), elsewhere];
        let granted = hosts.iter().filter(|host| !host.is_empty());
        Self::of(
            &at("open.test", path),
            &granted.copied().collect::<Vec<_>>(),
        )
    }

    fn with_header(self, name: &'static str, value: &'static str) -> Self {
        Self {
            header: Some((name, value)),
            ..self
        }
    }

    fn path(self, path: &str) -> Self {
        let url = self.url.trim_end_matches('/');
        Self {
            url: format!("{url}{path}"),
            ..self
        }
    }

    fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// The guest: its text is the body of the last answer, or what it was told instead.
    fn guest(&self, tool: &str) -> Vec<u8> {
        let mut definition = Definition::named(tool);
        definition.hosts.clone_from(&self.hosts);
        let mut guest = definition
            .guest()
            .import(
                "http",
                "send",
                "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i64 i32)",
            )
            .item(ANSWER_TEXT)
            .item("(global $sent (mut i32) (i32.const 0))");
        let (method, url) = (guest.text("GET"), guest.text(&self.url));
        let mut words = Vec::new();
        for text in self.header.iter().flat_map(|(name, value)| [name, value]) {
            let (at, len) = guest.place(text.as_bytes());
            words.extend([at.to_le_bytes(), u32::try_from(len).unwrap().to_le_bytes()]);
        }
        let (headers, _) = guest.place(&words.concat());
        let count = words.len() / 4;
        let (late, large) = (guest.text("too late"), guest.text("too large"));
        guest.call(&format!(
            "(loop $again
                (call $send {method} {url} (i32.const {headers}) (i32.const {count})
                    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0)
                    (i32.const 20) (i32.const 0) (i64.const 0) (i32.const 512))
                (global.set $sent (i32.add (global.get $sent) (i32.const 1)))
                (br_if $again (i32.lt_u (global.get $sent) (i32.const {times}))))
             (if (i32.load8_u (i32.const 512)) (then
                (if (i32.eq (i32.load8_u (i32.const 520)) (i32.const 3))
                    (then (call $answer_text {late}) (return (i32.const 16))))
                (if (i32.eq (i32.load8_u (i32.const 520)) (i32.const 4))
                    (then (call $answer_text {large}) (return (i32.const 16))))
                (call $answer_text (i32.load (i32.const 528)) (i32.load (i32.const 532)))
                (return (i32.const 16))))
             (call $answer_text (i32.load (i32.const 532)) (i32.load (i32.const 536)))
             (i32.const 16)",
            times = self.times,
        ))
    }
}

/// A name that leads to the open server and then inside, in turns. Each thread has its own, so that
/// tests do not take turns with each other, and makes the same guest again and again.
fn moving() -> Ask {
    let thread = format!("{:?}", std::thread::current().id());
    let number: String = thread.chars().filter(char::is_ascii_digit).collect();
    Ask::host(&format!("moves-{number}.test")).times(2)
}

macro_rules! requests {
    ($($id:literal, $what:literal, $ask:expr, $ends:expr;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: |tool| $ask.guest(tool),
            ends: $ends,
            control: Honest(|tool| Ask::host("open.test").guest(tool), Says("reached")),
        }),+]
    };
}

pub(super) static EGRESS: Family = Family {
    name: "egress",
    settings: SETTINGS,
    rows: &requests! {
        "G40a", "asks this machine", Ask::host("127.0.0.1"), Says(PRIVATE);
        "G40b", "asks this machine over IPv6", Ask::host("[::1]"), Says(PRIVATE);
        "G40c", "asks this machine by one number",
            Ask::of(&at("2130706433", "/"), &[&at("127.0.0.1", "")]), Says(PRIVATE);
        "G40d", "asks this machine in a short form with hexadecimal digits",
            Ask::of(&at("0x7f.1", "/"), &[&at("127.0.0.1", "")]), Says(PRIVATE);
        "G40e", "asks the unspecified address", Ask::host("0.0.0.0"), Says(NEVER);
        "G40f", "asks this machine by its name", Ask::host("localhost"), Says(PRIVATE);
        "G41a", "asks the metadata service", Ask::host("169.254.169.254"), Says(NEVER);
        "G41b", "asks the metadata service over IPv6", Ask::host("[fd00:ec2::254]"), Says(NEVER);
        "G41c", "asks the metadata service by its name", Ask::host("metadata.test"),
            Says(NEVER);
        "G41d", "asks an address of the link", Ask::host("[fe80::1]"), Says(NEVER);
        "G42a", "asks a private network", Ask::host("10.0.0.1"), Says(PRIVATE);
        "G42b", "asks a network of a provider", Ask::host("100.64.0.1"), Says(PRIVATE);
        "G42c", "asks a private network over IPv6", Ask::host("[fd12:3456::1]"), Says(PRIVATE);
        "G42d", "asks a group of machines", Ask::host("224.0.0.1"), Says(NEVER);
        "G43a", "asks this machine by an IPv4 address in an IPv6 address",
            Ask::host("[::ffff:127.0.0.1]"), Says(PRIVATE);
        "G43b", "asks this machine through a translator", Ask::host("[64:ff9b::127.0.0.1]"), Says(NEVER);
        "G43c", "asks this machine through a tunnel", Ask::host("[2002:7f00:1::]"), Says(NEVER);
        "G44a", "is led to this machine", Ask::led("/inside", &at("127.0.0.1", "")), Says(PRIVATE);
        "G44b", "is led to the metadata service", Ask::led("/metadata", "http://169.254.169.254"),
            Says(NEVER);
        "G44c", "is led to a name of the inside", Ask::led("/name", &at("inner.test", "")), Says(PRIVATE);
        "G44d", "is led to a host that is not granted", Ask::led("/name", ""), Says(NOT_GRANTED);
        "G44e", "is led to a file", Ask::led("/file", ""), Says("must begin with https:// or http://");
        "G44f", "is led in a circle", Ask::led("/again", ""),
            Recorded(|record| record["receipt"]["http_requests"] == 6);
        "G45a", "asks a name of the inside", Ask::host("inner.test"), Says(PRIVATE);
        "G45b", "asks a name with several addresses of the inside", Ask::host("mixed.test"), Says(PRIVATE);
        "G45c", "asks a name that moves inside", moving(), Says(PRIVATE);
        "G45d", "asks a name with a hundred addresses", Ask::host("many.test"), Says(PRIVATE);
        "G45e", "asks a name that nobody has", Ask::host("nobody.test"), Says("does not resolve");
        "G46a", "names a user who looks like the granted host",
            Ask::of(&at("open.test@127.0.0.1", "/"), &[&at("open.test", "")]),
            Says("must not hold a user name");
        "G46b", "puts a backslash before the granted host",
            Ask::of(&at("127.0.0.1\\@open.test", "/"), &[&at("open.test", "")]), Says(NOT_GRANTED);
        "G46c", "asks another port", Ask::of("http://open.test:22/", &[&at("open.test", "")]),
            Says(NOT_GRANTED);
        "G46d", "asks another scheme",
            Ask::of(&at("open.test", "/").replace("http:", "https:"), &[&at("open.test", "")]),
            Says(NOT_GRANTED);
        "G46e", "asks a host that ends like a granted one",
            Ask::of(&at("evil-open.test", "/"), &[&at("*.open.test", "")]), Says(NOT_GRANTED);
        "G46f", "asks the parent of what a star stands for",
            Ask::of(&at("open.test", "/"), &[&at("*.open.test", "")]), Says(NOT_GRANTED);
        "G46g", "names another host in a header", Ask::host("open.test").with_header("Host", "inner.test"),
            Says("is set by the host");
        "G46h", "puts a second header into a header",
            Ask::host("open.test").with_header("x-a", "b\r\nHost: inner.test"), Says("is not valid");
        "G47a", "asks for more than it may get", Ask::host("open.test").path("/large"), Says("too large");
        "G47b", "asks for very many headers", Ask::host("open.test").path("/headers"),
            Says("more than 100 headers");
        "G47c", "asks a host that never answers", Ask::host("open.test").path("/silent"), Says("too late");
        "G48a", "asks again and again", Ask::host("open.test").times(100),
            Says("has used all its outgoing requests");
        "G49a", "asks a host without any grant", Ask::of(&at("open.test", "/"), &[]), Says(NOT_GRANTED);
    },
};

#[test]
fn guests_that_reach_out_to_where_they_may_not_get_nowhere() {
    EGRESS.ends_as_it_should();
    assert_eq!(trapped(), 0, "connections to where nobody may come");
}

#[test]
fn control_what_is_granted_and_open_is_reached() {
    EGRESS.ends_otherwise_without_the_guard();
}
