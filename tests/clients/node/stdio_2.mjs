// The official TypeScript client, second generation, with a process instead of a URL: list the
// tools, call them, print what was seen.
//
// MCP_COMMAND, MCP_URL: the bridge and where it leads. CASEMATE_KEY: the key, for the bridge.
// MCP_CALLS: a JSON file with [{"name", "arguments"}]. MCP_MODE: "auto" or "legacy".
// Read from standard input by node, so that the packages are found from the working directory.
import { readFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const { MCP_COMMAND, MCP_URL, MCP_CALLS, MCP_MODE, CASEMATE_KEY } = process.env;
const client = new Client(
  { name: 'casemate-tests', version: '1.0.0' },
  { versionNegotiation: { mode: MCP_MODE ?? 'auto' } },
);
const transport = new StdioClientTransport({
  command: MCP_COMMAND,
  args: ['bridge', '--url', MCP_URL],
  env: { CASEMATE_KEY },
});
await client.connect(transport);
const { tools } = await client.listTools();
const results = {};
for (const call of JSON.parse(readFileSync(MCP_CALLS, 'utf8'))) {
  results[call.name] = await client.callTool(call);
}
const protocol = client.getNegotiatedProtocolVersion?.() ?? null;
await client.close();
console.log(JSON.stringify({ protocol, tools, results }));
