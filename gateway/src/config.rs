//! Settings of the gateway: one TOML file, then command-line flags over it.
//!
//! Unknown settings are errors: a misspelled limit that does nothing is worse than none.

use crate::service::TaskSettings;
use casemate_domain::{CompileLimits, Invalid, LimitSettings, PlatformLimits, SandboxLimits};
use casemate_runtime::EgressPolicy;
use ipnet::IpNet;
use serde::Deserialize;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// All settings, with their defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the gateway listens and under which names it is known.
    pub server: Server,
    /// What one call may use, at most. Workspaces, servers and tools can have less.
    pub limits: LimitSettings,
    /// The sandbox as a whole.
    pub sandbox: SandboxLimits,
    /// Taking in a component and compiling it.
    pub compile: CompileLimits,
    /// What tools may reach over HTTP, beyond their grants.
    pub egress: Egress,
    /// The log of calls.
    pub call_log: CallLog,
    /// Calls that go on without their connections.
    pub tasks: TaskSettings,
}

/// Where the gateway listens and under which names it is known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The folder of all data.
    pub data: PathBuf,
    /// Where MCP clients connect.
    pub listen: SocketAddr,
    /// Where the command line connects.
    pub admin_listen: SocketAddr,
    /// What clients see in front of `/mcp/…`, such as `https://tools.example.com`. By default,
    /// `http://` and the address of `listen`.
    pub public_url: Option<url::Url>,
    /// Further host names under which requests may arrive. The names of `public_url` and of
    /// `listen`, and on a loopback address `localhost`, are always allowed.
    pub allowed_hosts: Vec<String>,
    /// Web origins whose pages may send requests. None by default.
    pub allowed_origins: Vec<String>,
    /// Connections of MCP clients at once. Fewer if the process may not open enough files.
    pub max_connections: usize,
    /// Whether results tell clients what their calls used, under `dev.casemate/receipt`.
    pub receipts: bool,
    /// How long running calls may go on after a request to stop, in milliseconds.
    pub drain_ms: u64,
}

impl Default for Server {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            data: PathBuf::from("casemate-data"),
            listen: loopback(8080),
            admin_listen: loopback(8081),
            public_url: None,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            max_connections: 10_000,
            receipts: false,
            drain_ms: 10_000,
        }
    }
}

/// What tools may reach over HTTP, beyond their grants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Egress {
    /// Ranges of loopback and private addresses where granted hosts may be, such as `10.1.0.0/16`.
    /// None by default.
    pub allow_ranges: Vec<IpNet>,
    /// Servers that are asked for the addresses of hosts, such as `10.0.0.53:53`; nothing else is
    /// then. By default the resolver of the system.
    pub dns_servers: Vec<SocketAddr>,
}

/// How many servers are asked for addresses at most.
const DNS_SERVERS: usize = 8;

impl Egress {
    fn check(&self) -> Result<(), Error> {
        for range in &self.allow_ranges {
            let whole = range.trunc();
            if whole != *range {
                let problem = format!("names {range}, which is not a whole range: write {whole}");
                return Err(refused("egress.allow_ranges", &problem));
            }
            if !EgressPolicy::can_open(range) {
                let problem = format!(
                    "names {range}, which opens nothing: public addresses are open to granted \
                     hosts already, and metadata services, link-local and reserved addresses \
                     stay closed"
                );
                return Err(refused("egress.allow_ranges", &problem));
            }
        }
        if self.dns_servers.len() > DNS_SERVERS {
            let problem = format!("must be at most {DNS_SERVERS} servers");
            return Err(refused("egress.dns_servers", &problem));
        }
        if let Some(server) = self.dns_servers.iter().find(|server| server.port() == 0) {
            let problem = format!("names {server}, whose port must be at least 1");
            return Err(refused("egress.dns_servers", &problem));
        }
        Ok(())
    }
}

/// The log of calls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallLog {
    /// Records older than this are deleted, in days.
    pub keep_days: u32,
    /// The oldest records are deleted when all are larger than this, in bytes.
    pub keep_bytes: u64,
}

impl Default for CallLog {
    fn default() -> Self {
        Self {
            keep_days: 30,
            keep_bytes: 1 << 30,
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not there or may not be read.
    #[error("the configuration file {path} cannot be read")]
    Read {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is not what it should be. The text shows the line.
    #[error("the configuration file {path} is not valid:\n{problem}")]
    Parse {
        /// Where it is.
        path: PathBuf,
        /// What is wrong where.
        problem: String,
    },
    /// A setting that would be unsafe or senseless.
    #[error("the setting `{setting}` {problem}")]
    Refused {
        /// Which one.
        setting: &'static str,
        /// Why, and what would be right.
        problem: String,
    },
    /// A limit that nobody can set to this value.
    #[error("the limit `{}` {}", .0.what, .0.problem)]
    Limit(Invalid),
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Limit(invalid)
    }
}

impl Config {
    /// Reads a file, or takes the defaults if there is none to read.
    pub fn load(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        toml::from_str(&text).map_err(|error| Error::Parse {
            path: path.to_owned(),
            problem: error.to_string(),
        })
    }

    /// Refuses settings that are unsafe, before anything is opened.
    pub fn check(&self) -> Result<(), Error> {
        let server = &self.server;
        if !server.admin_listen.ip().is_loopback() {
            return Err(refused(
                "server.admin_listen",
                "must be a loopback address: the admin API is plain HTTP. \
                 Put a TLS proxy or an SSH tunnel in front of it",
            ));
        }
        let tls_in_front = server
            .public_url
            .as_ref()
            .is_some_and(|url| url.scheme() == "https");
        if !server.listen.ip().is_loopback() && !tls_in_front {
            return Err(refused(
                "server.listen",
                "is not a loopback address, and keys must not travel over plain HTTP. Put a TLS \
                 proxy in front and name it in `server.public_url = \"https://…\"`",
            ));
        }
        if let Some(url) = &server.public_url
            && (url.cannot_be_a_base() || url.query().is_some() || url.fragment().is_some())
        {
            return Err(refused(
                "server.public_url",
                "must be an address such as https://tools.example.com",
            ));
        }
        if !(1..=1_000_000).contains(&server.max_connections) {
            return Err(refused("server.max_connections", "must be 1 to 1000000"));
        }
        self.platform_limits().check()?;
        self.limits.check()?;
        self.tasks.check()?;
        self.egress.check()
    }

    /// What is limited for the installation as a whole.
    pub fn platform_limits(&self) -> PlatformLimits {
        PlatformLimits {
            sandbox: self.sandbox,
            compile: self.compile,
        }
    }
}

fn refused(setting: &'static str, problem: &str) -> Error {
    Error::Refused {
        setting,
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_file_is_the_defaults_and_they_are_allowed() {
        let config = parse("").unwrap();
        assert_eq!(config, Config::default());
        assert!(config.check().is_ok());
    }

    #[test]
    fn an_unknown_setting_is_an_error_that_names_it() {
        for text in ["[limits]\nfule = 1", "[serv]\n", "[server]\nport = 80"] {
            assert!(parse(text).unwrap_err().contains("unknown"), "{text}");
        }
    }

    #[test]
    fn keys_do_not_travel_over_plain_http() {
        let open = parse("[server]\nlisten = '0.0.0.0:8080'").unwrap();
        assert!(open.check().is_err());
        let behind_proxy =
            parse("[server]\nlisten = '0.0.0.0:8080'\npublic_url = 'https://tools.example.com'")
                .unwrap();
        assert!(behind_proxy.check().is_ok());
        let admin = parse("[server]\nadmin_listen = '0.0.0.0:8081'").unwrap();
        assert!(admin.check().is_err());
    }

    fn checked(text: &str) -> Result<Egress, String> {
        let config = parse(text)?;
        config.check().map_err(|error| error.to_string())?;
        Ok(config.egress)
    }

    #[test]
    fn private_ranges_are_opened_one_by_one() {
        let egress = checked(
            "egress.allow_ranges = ['10.1.0.0/16', '127.0.0.1/32', 'fd00::/8']\n\
             egress.dns_servers = ['10.0.0.53:53', '[fd00::53]:53']",
        )
        .unwrap();
        assert_eq!(egress.allow_ranges.len(), 3);
        assert_eq!(egress.dns_servers.len(), 2);
        for (text, part) in [
            ("egress.allow_ranges = ['10.1.2.3/16']", "write 10.1.0.0/16"),
            ("egress.allow_ranges = ['169.254.0.0/16']", "stay closed"),
            (
                "egress.allow_ranges = ['8.8.8.0/24']",
                "open to granted hosts already",
            ),
            ("egress.allow_ranges = ['10.1.0.0']", "10.1.0.0"),
            ("egress.allow_private = true", "allow_private"),
            ("egress.dns_servers = ['10.0.0.53']", "10.0.0.53"),
            ("egress.dns_servers = ['10.0.0.53:0']", "port"),
        ] {
            let problem = checked(text).unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }
}
