import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const headers = { Authorization: "Bearer @KEY@" };
const transport = new StreamableHTTPClientTransport(new URL("@URL@"), { requestInit: { headers } });
const client = new Client({ name: "example", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
await client.connect(transport);
for (const tool of (await client.listTools()).tools) console.log(tool.name);
await client.close();
