// The official TypeScript SDK, first generation: list the tools, call them, print what was seen.
//
// MCP_URL, MCP_KEY: the server and its key. MCP_CALLS: a JSON file with [{"name", "arguments"}].
// Read from standard input by node, so that the packages are found from the working directory.
import { readFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const { MCP_URL, MCP_KEY, MCP_CALLS } = process.env;
const client = new Client({ name: 'casemate-tests', version: '1.0.0' });
const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), {
  requestInit: { headers: { Authorization: `Bearer ${MCP_KEY}` } },
});
await client.connect(transport);
const { tools } = await client.listTools();
const results = {};
for (const call of JSON.parse(readFileSync(MCP_CALLS, 'utf8'))) {
  results[call.name] = await client.callTool(call);
}
await client.close();
console.log(JSON.stringify({ protocol: transport.protocolVersion ?? null, tools, results }));
