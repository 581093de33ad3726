curl @URL@ \
  --header "Authorization: Bearer @KEY@" \
  --header "Accept: application/json, text/event-stream" \
  --header "Content-Type: application/json" \
  --header "MCP-Protocol-Version: 2026-07-28" \
  --header "Mcp-Method: tools/list" \
  --data '{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {}}}}'
