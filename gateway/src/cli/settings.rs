//! Which gateway, and with which access token: from the environment, else from `casemate login`.

mod stored;

pub(crate) use stored::{Stored, credentials_file};

use super::{exit::Exit, failure::Failure};
use secrecy::SecretString;
use serde::Serialize;
use url::{Host, Url};

/// Where `casemate serve` listens for us unless told otherwise.
pub(crate) const DEFAULT_URL: &str = "http://127.0.0.1:8081";

/// How to get a token, for whoever has none.
pub(crate) const TOKEN_HINT: &str = "Set CASEMATE_TOKEN to the access token that `casemate serve` printed at its first start,\n\
     or store it: casemate login --url URL --token-stdin";

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// An environment variable.
    Environment,
    /// `casemate login`.
    Login,
    /// Nobody said.
    Default,
}

/// Which gateway, and with which access token.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) url: Url,
    pub(crate) url_origin: Origin,
    pub(crate) token: SecretString,
    pub(crate) token_origin: Origin,
}

impl Settings {
    /// Reads the environment and the stored credentials.
    pub(crate) fn load() -> Result<Self, Failure> {
        let stored = Stored::load(&credentials_file()?)?;
        Self::resolve(|name| std::env::var(name).ok(), stored)
    }

    /// The environment wins. A stored token is only for the gateway that it was stored for: another
    /// address must not receive it.
    fn resolve(
        variable: impl Fn(&str) -> Option<String>,
        stored: Option<Stored>,
    ) -> Result<Self, Failure> {
        let variable = |name| {
            variable(name)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        let stored_url = stored.as_ref().map(|stored| stored.url.clone());
        let (url, url_origin) = match (variable("CASEMATE_URL"), stored_url.clone()) {
            (Some(text), _) => (parse_url(&text, "CASEMATE_URL")?, Origin::Environment),
            (None, Some(url)) => (url, Origin::Login),
            (None, None) => (
                parse_url(DEFAULT_URL, "the default address")?,
                Origin::Default,
            ),
        };
        let (token, token_origin) = match (variable("CASEMATE_TOKEN"), stored) {
            (Some(token), _) => (SecretString::from(token), Origin::Environment),
            (None, Some(stored)) if stored.url == url => (stored.token, Origin::Login),
            (None, stored) => return Err(no_token(&url, stored.is_some())),
        };
        refuse_plain_http(&url)?;
        Ok(Self {
            url,
            url_origin,
            token,
            token_origin,
        })
    }
}

fn no_token(url: &Url, stored_for_another: bool) -> Failure {
    let why = if stored_for_another {
        "The stored token is for another address and is not sent to this one."
    } else {
        "CASEMATE_TOKEN is not set and nobody has logged in."
    };
    Failure::new(Exit::Auth, format!("there is no access token for {url}"))
        .note(why)
        .note(TOKEN_HINT)
        .code("no_token")
}

/// The address of a gateway, without anything that does not belong there.
pub(crate) fn parse_url(text: &str, source: &str) -> Result<Url, Failure> {
    let invalid = |why: &str| {
        Failure::invalid(format!("{source} is not the address of a gateway"))
            .note(format!("{why} An address looks like {DEFAULT_URL}"))
    };
    let mut url: Url = text
        .trim()
        .parse()
        .map_err(|_| invalid("It is not a URL."))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(invalid(
            "It must begin with http:// or https:// and name a host.",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("It must not hold a user name or a password."));
    }
    refuse_path_of_api(&url, source)?;
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// The URL of a server, as clients get it.
pub(crate) fn parse_server_url(text: &str, source: &str) -> Result<Url, Failure> {
    let url = text.trim().parse::<Url>().ok();
    let is_of_server = |url: &Url| {
        let names_server = url
            .path_segments()
            .is_some_and(|path| path.rev().nth(1) == Some("mcp"));
        matches!(url.scheme(), "http" | "https") && url.has_host() && names_server
    };
    url.filter(is_of_server).ok_or_else(|| {
        Failure::invalid(format!("{source} is not the URL of a server"))
            .note("It looks like http://127.0.0.1:8080/mcp/srv_…; see: casemate server show SERVER")
    })
}

/// What people paste instead of the admin address: an address of its API, or that of a server.
fn refuse_path_of_api(url: &Url, source: &str) -> Result<(), Failure> {
    let mut base = url.clone();
    base.set_query(None);
    base.set_fragment(None);
    let mut segments: Vec<&str> = url.path().split('/').filter(|s| !s.is_empty()).collect();
    let Some(at) = segments.iter().position(|s| matches!(*s, "v1" | "mcp")) else {
        return Ok(());
    };
    let is_mcp = segments[at] == "mcp";
    segments.truncate(at);
    base.set_path(&segments.join("/"));
    let why = if is_mcp {
        format!(
            "It is the URL of a server, for MCP clients. The command line wants the admin address, \
             such as {DEFAULT_URL}"
        )
    } else {
        format!("Leave out what follows the address itself: {base}")
    };
    let what = format!("{source} is not the admin address of a gateway");
    Err(Failure::invalid(what).note(why))
}

/// Whether the address is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A token on an unprotected wire is everybody's token.
pub(crate) fn refuse_plain_http(url: &Url) -> Result<(), Failure> {
    if url.scheme() == "https" || is_loopback(url) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Auth,
        format!("the access token is not sent to {url} without TLS"),
    )
    .note("Use an https:// address, or forward the port: ssh -L 8081:127.0.0.1:8081 HOST")
    .code("plain_http_refused"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn stored(url: &str) -> Option<Stored> {
        Some(Stored {
            url: url.parse().unwrap(),
            token: SecretString::from("from-login"),
        })
    }

    fn resolve(variables: &[(&str, &str)], stored: Option<Stored>) -> Result<Settings, Failure> {
        let find = |name: &str| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).to_owned())
        };
        Settings::resolve(find, stored)
    }

    #[test]
    fn the_environment_wins_over_login() {
        let environment = [
            ("CASEMATE_URL", "http://127.0.0.1:9"),
            ("CASEMATE_TOKEN", " from-env\n"),
        ];
        let settings = resolve(&environment, stored("http://127.0.0.1:8081")).unwrap();
        assert_eq!(settings.url.as_str(), "http://127.0.0.1:9/");
        assert_eq!(settings.token.expose_secret(), "from-env");
    }

    #[test]
    fn a_stored_token_stays_with_its_gateway() {
        let same = resolve(&[], stored("http://127.0.0.1:8081")).unwrap();
        assert_eq!(same.token.expose_secret(), "from-login");
        let other = resolve(
            &[("CASEMATE_URL", "https://evil.test")],
            stored("http://127.0.0.1:8081"),
        );
        assert_eq!(other.unwrap_err().exit(), Exit::Auth);
    }

    #[test]
    fn without_a_token_one_is_told_how_to_get_one() {
        let failure = resolve(&[("CASEMATE_TOKEN", "")], None).unwrap_err();
        assert_eq!(failure.exit(), Exit::Auth);
        insta::assert_snapshot!(failure, @r"
        there is no access token for http://127.0.0.1:8081/
          CASEMATE_TOKEN is not set and nobody has logged in.
          Set CASEMATE_TOKEN to the access token that `casemate serve` printed at its first start,
          or store it: casemate login --url URL --token-stdin
          [no_token]
        ");
    }

    #[test]
    fn a_token_never_travels_unprotected() {
        let to = |url| resolve(&[("CASEMATE_URL", url), ("CASEMATE_TOKEN", "t")], None);
        for url in [
            "http://localhost:1",
            "http://[::1]:1",
            "http://127.9.9.9",
            "https://tools.test",
        ] {
            assert!(to(url).is_ok(), "{url}");
        }
        for url in [
            "http://tools.test",
            "http://10.0.0.1",
            "http://localhost.evil.test",
        ] {
            assert_eq!(
                to(url).unwrap_err().word(),
                Some("plain_http_refused"),
                "{url}"
            );
        }
    }

    #[test]
    fn an_address_holds_no_credentials() {
        assert!(parse_url("https://user:pass@tools.test", "x").is_err());
        assert!(parse_url("tools.test", "x").is_err());
        assert!(parse_url("ftp://tools.test", "x").is_err());
    }

    #[test]
    fn an_address_of_the_api_or_of_a_server_is_not_the_gateways() {
        let failure = |url| parse_url(url, "CASEMATE_URL").unwrap_err().to_string();
        let under_v1 = failure("http://127.0.0.1:8081/v1");
        assert!(
            under_v1.contains("itself: http://127.0.0.1:8081/"),
            "{under_v1}"
        );
        let behind_a_path = failure("https://tools.test/casemate/v1/servers?x=1");
        assert!(
            behind_a_path.contains("itself: https://tools.test/casemate\n"),
            "{behind_a_path}"
        );
        let server = failure("http://127.0.0.1:8080/mcp/srv_1");
        assert!(server.contains("admin address, such as"), "{server}");
        assert!(parse_url("https://tools.test/casemate/", "x").is_ok());
    }
}
