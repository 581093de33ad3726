// The MCP Inspector's command line, as a person would use it: list the tools, call them, print
// what was seen.
//
// MCP_URL, MCP_KEY: the server and its key. MCP_CALLS: a JSON file with [{"name", "arguments"}].
// MCP_MODE: the protocol era, "legacy" or "modern".
// Read from standard input by node, so that the packages are found from the working directory.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const { MCP_URL, MCP_KEY, MCP_CALLS, MCP_MODE } = process.env;
const program = join('node_modules', '@modelcontextprotocol', 'inspector');
const entry = join(program, Object.values(JSON.parse(readFileSync(join(program, 'package.json'))).bin)[0]);

function inspect(method, ...rest) {
  const words = [
    entry, '--cli', MCP_URL, '--transport', 'http', '--protocol-era', MCP_MODE ?? 'modern',
    '--header', `Authorization: Bearer ${MCP_KEY}`, '--method', method, '--format', 'json', ...rest,
  ];
  const done = spawnSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  // Exit code 5 means that the tool answered with an error; the answer is printed all the same.
  if (done.status !== 0 && done.status !== 5) {
    console.error(`inspector ${method} ended with ${done.status}\n${done.stdout}\n${done.stderr}`);
    process.exit(1);
  }
  return JSON.parse(done.stdout).result;
}

const { tools } = inspect('tools/list');
const results = {};
for (const call of JSON.parse(readFileSync(MCP_CALLS, 'utf8'))) {
  results[call.name] = inspect(
    'tools/call', '--tool-name', call.name, '--tool-args-json', JSON.stringify(call.arguments),
  );
}
console.log(JSON.stringify({ protocol: null, tools, results }));
