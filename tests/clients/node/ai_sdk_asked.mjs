// The MCP client of the AI SDK, which is not by the authors of the protocol: a call that asks. It has
// no words for progress and changed lists.
//
// MCP_URL, MCP_KEY: the server and its key.
// MCP_MODE: the generation of the client, "1" (the initialize handshake) or "2" (2026-07-28).
// Read from standard input by node, so that the packages are found from the working directory.
const { MCP_URL, MCP_KEY, MCP_MODE } = process.env;

// The client says nowhere which revision it speaks; its requests do.
let protocol = null;
const plainFetch = globalThis.fetch;
globalThis.fetch = (input, options = {}) => {
  const headers = new Headers(options.headers ?? input.headers);
  protocol = headers.get('mcp-protocol-version') ?? protocol;
  return plainFetch(input, options);
};

const sdk = await import(`ai-sdk-mcp-${MCP_MODE}`);
const client = await (sdk.createMCPClient ?? sdk.experimental_createMCPClient)({
  transport: { type: 'http', url: MCP_URL, headers: { Authorization: `Bearer ${MCP_KEY}` } },
  capabilities: { elicitation: {} },
});
const steps = [];
client.onElicitationRequest(sdk.ElicitationRequestSchema, async ({ params }) => {
  steps.push(params.message);
  const [field] = Object.keys(params.requestedSchema.properties);
  return { action: 'accept', content: { [field]: 'blue' } };
});
const tools = await client.tools();
const options = { toolCallId: 'asks', messages: [] };
const asked = await tools.test_input_required_result_multi_round.execute({}, options);
await client.close();
console.log(JSON.stringify({ protocol, steps, asked: asked.content[0].text }));
process.exit(0);
