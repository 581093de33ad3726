// The official TypeScript client, second generation: everything that needs an event stream.
//
// MCP_URL, MCP_KEY: the server and its key. MCP_MODE: "auto" (2026-07-28) or "legacy".
// Read from standard input by node, so that the packages are found from the working directory.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const { MCP_URL, MCP_KEY, MCP_MODE } = process.env;
let changed;
const listChanged = new Promise((resolve) => (changed = resolve));
const client = new Client(
  { name: 'casemate-tests', version: '1.0.0' },
  {
    versionNegotiation: { mode: MCP_MODE ?? 'auto' },
    capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} },
    listChanged: { tools: { onChanged: (error, tools) => changed(error ? 0 : tools.length) } },
  },
);
const steps = [];
client.setRequestHandler('elicitation/create', async ({ params }) => {
  steps.push(params.message);
  const [field] = Object.keys(params.requestedSchema.properties);
  return { action: 'accept', content: { [field]: 'blue' } };
});
const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), {
  requestInit: { headers: { Authorization: `Bearer ${MCP_KEY}` } },
});
await client.connect(transport);
const before = (await client.listTools()).tools.length;

const progress = [];
const watched = await client.callTool(
  { name: 'test_tool_with_progress', arguments: {} },
  { onprogress: (told) => progress.push(told.progress) },
);
const asked = await client.callTool({
  name: 'test_input_required_result_multi_round',
  arguments: {},
});

const abort = new AbortController();
const withdrawn = await client
  .callTool(
    { name: 'test_busy', arguments: { steps: 1000 } },
    { signal: abort.signal, onprogress: () => abort.abort('enough') },
  )
  .then(() => 'ended', () => 'withdrawn');

await client.callTool({ name: 'test_trigger_tool_change', arguments: {} });
const late = new Promise((resolve) => setTimeout(resolve, 10_000, 'never told'));
const after = await Promise.race([listChanged, late]);

const protocol = client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion ?? null;
await client.close();
const text = (result) => result.content[0].text;
console.log(
  JSON.stringify({
    protocol,
    progress,
    watched: text(watched),
    steps,
    asked: text(asked),
    withdrawn,
    fewer: before - after,
  }),
);
process.exit(0);
