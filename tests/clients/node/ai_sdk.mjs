// The MCP client of the AI SDK, which is not by the authors of the protocol: list the tools, call
// them, print what was seen.
//
// MCP_URL, MCP_KEY: the server and its key. MCP_CALLS: a JSON file with [{"name", "arguments"}].
// MCP_MODE: the generation of the client, "1" (the initialize handshake) or "2" (2026-07-28).
// Read from standard input by node, so that the packages are found from the working directory.
import { readFileSync } from 'node:fs';

const { MCP_URL, MCP_KEY, MCP_CALLS, MCP_MODE } = process.env;

// The client says nowhere which revision it speaks; its requests do.
let protocol = null;
const plainFetch = globalThis.fetch;
globalThis.fetch = (input, options = {}) => {
  const headers = new Headers(options.headers ?? input.headers);
  protocol = headers.get('mcp-protocol-version') ?? protocol;
  return plainFetch(input, options);
};

const { createMCPClient, experimental_createMCPClient } = await import(`ai-sdk-mcp-${MCP_MODE}`);
const client = await (createMCPClient ?? experimental_createMCPClient)({
  transport: { type: 'http', url: MCP_URL, headers: { Authorization: `Bearer ${MCP_KEY}` } },
});
const { tools } = await client.listTools();
const ready = await client.tools();
const results = {};
for (const call of JSON.parse(readFileSync(MCP_CALLS, 'utf8'))) {
  const options = { toolCallId: call.name, messages: [] };
  results[call.name] = await ready[call.name].execute(call.arguments, options);
}
await client.close();
console.log(JSON.stringify({ protocol, tools, results }));
