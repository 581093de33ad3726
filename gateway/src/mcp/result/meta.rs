//! `_meta` of results: what the tool said, then what we say.
//!
//! Our keys begin with `dev.casemate/`:
//! - `dev.casemate/call-id`: the id under which the call is recorded;
//! - `dev.casemate/error`: on results that are errors, `source` (`tool` or `gateway`), `code` (the
//!   tool's own word, or the reason for which the gateway stopped the call) and, if the tool knows,
//!   `retryAfterMs`;
//! - `dev.casemate/receipt`: what the call used, where the gateway is set to say so;
//! - `dev.casemate/dropped-notifications`: how many notifications before the result were left out
//!   because the client did not read fast enough, if any were.
//!
//! A tool may say what it likes under other keys, but not in our name and not in the protocol's.

use crate::mcp::object::Object;
use casemate_domain::{CallId, Digest, Json, Receipt, is_reserved_meta_key};
use serde::{Serialize, Serializer, ser::SerializeMap};

const CALL_ID: &str = "dev.casemate/call-id";
const ERROR: &str = "dev.casemate/error";
const RECEIPT: &str = "dev.casemate/receipt";
const DROPPED: &str = "dev.casemate/dropped-notifications";
const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// Who answers.
#[derive(Debug, Clone, Copy, Serialize)]
pub(in crate::mcp) struct ServerInfo<'a> {
    name: &'a str,
    version: &'static str,
}

impl<'a> ServerInfo<'a> {
    /// A server of this name, run by this version of the gateway.
    pub(in crate::mcp) fn new(name: &'a str) -> Self {
        Self {
            name,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// `_meta` of one result.
#[derive(Debug)]
pub(in crate::mcp) struct Meta<'a> {
    call_id: Option<CallId>,
    own: Option<&'a Json>,
    error: Option<ErrorMeta<'a>>,
    receipt: Option<ReceiptMeta>,
    dropped: u64,
    server: Option<ServerInfo<'a>>,
}

/// What a call used. Which hosts and secrets it used is for administrators.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceiptMeta {
    fuel: u64,
    wall_us: u64,
    cpu_us: u64,
    peak_memory_bytes: u64,
    bytes_in: u64,
    bytes_out: u64,
    host_calls: u64,
    http_requests: u64,
    digest: Option<Digest>,
}

impl From<&Receipt> for ReceiptMeta {
    fn from(receipt: &Receipt) -> Self {
        Self {
            fuel: receipt.fuel,
            wall_us: receipt.wall_us,
            cpu_us: receipt.cpu_us,
            peak_memory_bytes: receipt.peak_memory_bytes,
            bytes_in: receipt.bytes_in,
            bytes_out: receipt.bytes_out,
            host_calls: receipt.host_calls,
            http_requests: receipt.http_requests,
            digest: receipt.digest,
        }
    }
}

/// Whose failure it is.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Source {
    Tool,
    Gateway,
}

/// A failure for programs.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorMeta<'a> {
    pub(super) source: Source,
    pub(super) code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_after_ms: Option<u64>,
}

impl<'a> Meta<'a> {
    /// Of the result of a call.
    pub(in crate::mcp) fn new(call_id: CallId, server: Option<ServerInfo<'a>>) -> Self {
        Self {
            call_id: Some(call_id),
            own: None,
            error: None,
            receipt: None,
            dropped: 0,
            server,
        }
    }

    /// Of a result that is not that of a call.
    pub(in crate::mcp) fn of_server(server: ServerInfo<'a>) -> Self {
        Self {
            call_id: None,
            own: None,
            error: None,
            receipt: None,
            dropped: 0,
            server: Some(server),
        }
    }

    pub(super) fn call_id(&self) -> CallId {
        self.call_id
            .expect("only results of calls are asked for their call")
    }

    pub(super) fn without_notifications(self, dropped: u64) -> Self {
        Self { dropped, ..self }
    }

    pub(super) fn with_receipt(self, receipt: &Receipt) -> Self {
        let receipt = Some(receipt.into());
        Self { receipt, ..self }
    }

    pub(super) fn with_own(self, own: Option<&'a Json>) -> Self {
        Self { own, ..self }
    }

    pub(super) fn with(self, error: ErrorMeta<'a>) -> Self {
        Self {
            error: Some(error),
            ..self
        }
    }

    pub(super) fn with_error(self, source: Source, code: &'a str) -> Self {
        self.with(ErrorMeta {
            source,
            code,
            retry_after_ms: None,
        })
    }
}

impl Serialize for Meta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(own) = self.own {
            write_own(own, &mut map)?;
        }
        if let Some(call_id) = &self.call_id {
            map.serialize_entry(CALL_ID, call_id)?;
        }
        if let Some(error) = &self.error {
            map.serialize_entry(ERROR, error)?;
        }
        if let Some(receipt) = &self.receipt {
            map.serialize_entry(RECEIPT, receipt)?;
        }
        if self.dropped > 0 {
            map.serialize_entry(DROPPED, &self.dropped)?;
        }
        if let Some(server) = &self.server {
            map.serialize_entry(SERVER_INFO, server)?;
        }
        map.end()
    }
}

/// `_meta` of a part of a result, where nobody but the tool speaks.
#[derive(Debug)]
pub(super) struct Own<'a>(pub(super) &'a Json);

impl Serialize for Own<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        write_own(self.0, &mut map)?;
        map.end()
    }
}

/// Writes what a tool says in its own name. Metadata that is not an object, or too large to be
/// looked through, is left out.
fn write_own<M: SerializeMap>(own: &Json, map: &mut M) -> Result<(), M::Error> {
    let members = Object::of(own.as_ref()).unwrap_or_default();
    for (key, value) in members.iter() {
        if !is_reserved_meta_key(key) {
            map.serialize_entry(key, value)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call_id() -> CallId {
        CallId::from_uuid(uuid::Uuid::from_u128(1))
    }

    #[test]
    fn a_tool_speaks_under_its_own_keys_only() {
        let own = Json::from(&json!({
            "com.example/cost": 3,
            "plain": true,
            "com.example.mcp/fine": 1,
            "dev.casemate/call-id": "forged",
            "io.modelcontextprotocol/serverInfo": { "name": "forged" },
            "mcp.dev/x": 1,
        }));
        let meta = Meta::new(call_id(), Some(ServerInfo::new("tools"))).with_own(Some(&own));
        let written = serde_json::to_value(&meta).unwrap();
        assert_eq!(
            written,
            json!({
                "com.example/cost": 3,
                "plain": true,
                "com.example.mcp/fine": 1,
                "dev.casemate/call-id": "call_00000000000000000000000000000001",
                "io.modelcontextprotocol/serverInfo":
                    { "name": "tools", "version": env!("CARGO_PKG_VERSION") },
            })
        );
    }

    #[test]
    fn an_error_says_whose_it_is() {
        let meta = Meta::new(call_id(), None).with_error(Source::Gateway, "fuel_exhausted");
        let written = serde_json::to_value(&meta).unwrap();
        assert_eq!(
            written[ERROR],
            json!({ "source": "gateway", "code": "fuel_exhausted" })
        );
    }
}
