//! The keys of protocol metadata (`_meta`).

/// Whether a key of metadata is not for components: it is the gateway's, or the protocol keeps it
/// for itself. The protocol's name is the second label of the prefix, in older revisions the first.
pub fn is_reserved_meta_key(key: &str) -> bool {
    let Some((prefix, _)) = key.split_once('/') else {
        return false;
    };
    let is_protocol = |label: &str| matches!(label, "modelcontextprotocol" | "mcp");
    prefix == "dev.casemate" || prefix.split('.').take(2).any(is_protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_and_the_protocol_keep_their_names() {
        for key in [
            "dev.casemate/call-id",
            "io.modelcontextprotocol/serverInfo",
            "modelcontextprotocol.io/x",
            "mcp.dev/x",
            "dev.mcp/x",
        ] {
            assert!(is_reserved_meta_key(key), "{key}");
        }
        for key in [
            "plain",
            "mcp",
            "com.example/cost",
            "com.example.mcp/x",
            "openai/x",
        ] {
            assert!(!is_reserved_meta_key(key), "{key}");
        }
    }
}
