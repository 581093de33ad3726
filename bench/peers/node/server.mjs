// The same tools on the official TypeScript SDK, a server per request as its guide shows, both
// eras. Prints its address.
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

const text = (text) => ({ content: [{ type: 'text', text }] });

function burn(ms) {
  const end = process.cpuUsage().user + ms * 1000;
  let state = 1;
  while (process.cpuUsage().user < end) {
    for (let round = 0; round < 10_000; round++) {
      state ^= state << 13;
      state ^= state >>> 7;
      state ^= state << 17;
    }
  }
  return String(state);
}

function tools() {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  const add = z.object({ a: z.int(), b: z.int() });
  server.registerTool('add', { description: 'Adds two numbers', inputSchema: add }, ({ a, b }) =>
    text(String(a + b)),
  );
  const echo = z.object({ text: z.string() });
  const about = 'Answers with the text that it was given';
  server.registerTool('echo', { description: about, inputSchema: echo }, (given) =>
    text(given.text),
  );
  const time = z.object({ ms: z.int() });
  server.registerTool(
    'burn',
    { description: 'Computes for some milliseconds', inputSchema: time },
    ({ ms }) => text(burn(ms)),
  );
  return server;
}

const handler = toNodeHandler(createMcpHandler(tools));
const server = createServer((request, response) => handler(request, response));
server.listen(0, '127.0.0.1', () => {
  const { address, port } = server.address();
  console.log(`${address}:${port}`);
});
