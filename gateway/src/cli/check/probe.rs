//! One look at a time: name, connection, HTTP.

use super::report::Trouble;
use crate::cli::{
    exit::Exit,
    remote::{Remote, cause},
};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use url::Url;

const PATIENCE: Duration = Duration::from_secs(5);

/// The addresses behind the host of a URL.
pub(super) async fn resolve(url: &Url) -> Result<Vec<SocketAddr>, Trouble> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(80);
    let trouble = |why: String| {
        let next = "Check the spelling, and the DNS entry of server.public_url.";
        Trouble::new(
            Exit::Network,
            format!("{host} cannot be resolved: {why}"),
            next,
        )
    };
    let found = match timeout(PATIENCE, lookup_host((host, port))).await {
        Ok(found) => found.map_err(|error| trouble(error.to_string()))?,
        Err(_) => return Err(trouble("no answer in time".to_owned())),
    };
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        return Err(trouble("it has no address".to_owned()));
    }
    Ok(found)
}

/// The first address that takes a connection.
pub(super) async fn connect(addresses: &[SocketAddr]) -> Result<SocketAddr, Trouble> {
    let mut last = String::new();
    for address in addresses {
        last = match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(*address),
            Ok(Err(error)) => format!("{address}: {error}"),
            Err(_) => format!("{address}: no answer in time; a firewall may drop what is sent"),
        };
    }
    let next = "Start the gateway or the proxy in front of it, and open the port between.";
    Err(Trouble::new(Exit::Network, last, next))
}

/// Whether what answers there is a gateway, and knows the server. Nothing secret is sent.
pub(super) async fn greet(remote: &Remote) -> Result<(), Trouble> {
    let sent = remote
        .listen(HeaderMap::new())
        .timeout(PATIENCE)
        .send()
        .await;
    let answer = sent.map_err(|error| unanswered(&error))?;
    let status = answer.status();
    let body = answer.text().await.map_err(|error| unanswered(&error))?;
    let message = message_of(&body);
    match (status, message.as_deref()) {
        (StatusCode::UNAUTHORIZED, Some(_)) => Ok(()),
        (StatusCode::NOT_FOUND, Some(message)) => {
            let next = "The URL is of no server there: casemate server list";
            Err(Trouble::new(Exit::Validation, message, next))
        }
        (StatusCode::FORBIDDEN, Some(message)) => {
            let next = "Add the name to server.allowed_hosts in the gateway's configuration.";
            Err(Trouble::new(Exit::Validation, message, next))
        }
        _ => {
            let next =
                "Something else answers there: check server.public_url and the proxy's target.";
            Err(Trouble::new(
                Exit::Network,
                format!("HTTP {status}, and not from a gateway"),
                next,
            ))
        }
    }
}

/// The failure of a connection that was made.
pub(super) fn unanswered(error: &reqwest::Error) -> Trouble {
    let why = cause(error);
    let next = if why.contains("certificate") || why.contains("tls") || why.contains("TLS") {
        "Mend the certificate, or ask for https only where TLS is spoken."
    } else {
        "See the gateway's log, and that of the proxy in front of it."
    };
    Trouble::new(Exit::Network, why, next)
}

/// The message of a JSON-RPC error.
pub(super) fn message_of(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    body["error"]["message"].as_str().map(str::to_owned)
}
