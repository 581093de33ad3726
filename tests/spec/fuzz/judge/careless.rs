//! What a careless gateway would let through: for the control of the judge.

/// Requests with the answers of a gateway that lets them through, and what is wrong with that.
pub(in crate::fuzz) const CARELESS: [(&str, &str); 11] = [
    (
        "Mcp-Name: seen\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"seen\",\"arguments\":{\"mode\":\"read\",\"mode\":\"write\"}}}\n===\n{\"mode\":\"read\",\"mode\":\"write\"}",
        "comes twice in the arguments",
    ),
    (
        "Mcp-Name: any\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"seen\"}}\n===\n{}",
        "mcp-name says",
    ),
    (
        "Mcp-Name: seen\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"seen\",\"arguments\":{\"mode\":\"read\"}}}\n===\n{\"mode\":\"write\"}",
        "the message has",
    ),
    (
        "Mcp-Name: seen\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"seen\",\"n\\u0061me\":\"any\"}}\n===\n{}",
        "comes twice in the envelope",
    ),
    (
        "Mcp-Name: seen\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"seen\",\"Arguments\":{}}}\n===\n{}",
        "only looks known",
    ),
    (
        "Mcp-Name: seen\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"seen\",\"arguments\":{\"limit\":9007199254740994}}}\n===\n{\"limit\":9007199254740994}",
        "does not fit",
    ),
    (
        "Mcp-Name: seen\nMcp-Method: tools/call\nMCP-Protocol-Version: 2026-07-28\nMcp-Param-Shard: 9\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"},\"name\":\"seen\",\"arguments\":{\"shard\":8}}}\n===\n{\"shard\":8}",
        "mcp-param-shard says",
    ),
    (
        "Mcp-Name: test://static-text\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":{\"uri\":\"test://static-text\",\"URI\":\"test://vanished\"}}\n===\n{\"contents\":[{\"uri\":\"test://static-text\",\"text\":\"x\"}]}",
        "only looks known",
    ),
    (
        "\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":{\"uri\":\"test://template/7/data\"}}\n===\n{\"contents\":[{\"uri\":\"test://template/7/data\",\"text\":\"{\\\"id\\\":\\\"8\\\"}\"}]}",
        "was read with",
    ),
    (
        "\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"prompts/get\",\"params\":{\"name\":\"test_prompt_with_arguments\",\"arguments\":{\"arg1\":\"a\",\"arg2\":\"b\"}}}\n===\n{\"messages\":[{\"content\":{\"text\":\"Prompt with arguments: arg1='a', arg2='c'\"}}]}",
        "the prompt got",
    ),
    (
        "MCP-Protocol-Version: 2025-06-18\n\n[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"any\"}}]\n===\n[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"{}\"}]}}]",
        "has no batches",
    ),
];
