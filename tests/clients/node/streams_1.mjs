// The official TypeScript SDK, first generation: everything that needs an event stream.
//
// MCP_URL, MCP_KEY: the server and its key.
// Read from standard input by node, so that the packages are found from the working directory.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

const { MCP_URL, MCP_KEY } = process.env;
const client = new Client(
  { name: 'casemate-tests', version: '1.0.0' },
  { capabilities: { elicitation: { form: {} } } },
);
const steps = [];
client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
  steps.push(params.message);
  const [field] = Object.keys(params.requestedSchema.properties);
  return { action: 'accept', content: { [field]: 'blue' } };
});
const listChanged = new Promise((resolve) =>
  client.setNotificationHandler(ToolListChangedNotificationSchema, resolve),
);
const transport = new StreamableHTTPClientTransport(new URL(MCP_URL), {
  requestInit: { headers: { Authorization: `Bearer ${MCP_KEY}` } },
});
await client.connect(transport);
const before = (await client.listTools()).tools.length;

const progress = [];
const watched = await client.callTool({ name: 'test_tool_with_progress', arguments: {} }, undefined, {
  onprogress: (told) => progress.push(told.progress),
});
const asked = await client.callTool({
  name: 'test_input_required_result_multi_round',
  arguments: {},
});

const abort = new AbortController();
const withdrawn = await client
  .callTool({ name: 'test_busy', arguments: { steps: 1000 } }, undefined, {
    signal: abort.signal,
    onprogress: () => abort.abort('enough'),
  })
  .then(() => 'ended', () => 'withdrawn');

await client.callTool({ name: 'test_trigger_tool_change', arguments: {} });
const late = new Promise((_, reject) => setTimeout(reject, 10_000, new Error('never told')));
await Promise.race([listChanged, late]);
const after = (await client.listTools()).tools.length;

const protocol = transport.protocolVersion ?? null;
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
