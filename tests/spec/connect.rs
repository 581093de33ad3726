//! A person connects an assistant without reading about headers (P04, P06, P40): the configuration
//! is written, the connection is checked, and what only starts processes gets a bridge.

mod bridge;
mod check;
mod clients;
mod guide;
mod page;
mod process;
pub(crate) mod proxy;
mod writing;

use casemate_tests::{Gateway, Server, Shared, guest, sample};
use std::sync::Arc;

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

fn echo(name: &str) -> (Arc<Gateway>, Server) {
    let gateway = GATEWAY.get();
    let server = gateway.server(name);
    gateway.push(&server, sample("echo"));
    (gateway, server)
}

/// A server with the tools of the conformance suite.
fn guest_server(name: &str) -> (Arc<Gateway>, Server) {
    let gateway = GATEWAY.get();
    let server = gateway.server(name);
    gateway.push(&server, guest("conformance"));
    (gateway, server)
}
