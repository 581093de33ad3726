// The official TypeScript client, second generation: list the tools, call them, print what was seen.
//
// MCP_URL, MCP_KEY: the server and its key. MCP_CALLS: a JSON file with [{"name", "arguments"}].
// MCP_MODE: "auto" (2026-07-28 with fallback), "legacy" (the initialize handshake), or a revision
// that nothing else will do for.
// Read from standard input by node, so that the packages are found from the working directory.
import { readFileSync } from 'node:fs';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const { MCP_URL, MCP_KEY, MCP_CALLS, MCP_MODE } = process.env;
const mode = ['auto', 'legacy'].includes(MCP_MODE) ? MCP_MODE : { pin: MCP_MODE };
const client = new Client(
  { name: 'casemate-tests', version: '1.0.0' },
  { versionNegotiation: { mode } },
);
const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), {
  requestInit: { headers: { Authorization: `Bearer ${MCP_KEY}` } },
});
await client.connect(transport);
const { tools } = await client.listTools();
const results = {};
for (const call of JSON.parse(readFileSync(MCP_CALLS, 'utf8'))) {
  results[call.name] = await client.callTool(call);
}
const protocol = client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion ?? null;
await client.close();
console.log(JSON.stringify({ protocol, tools, results }));
