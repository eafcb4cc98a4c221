// The TypeScript SDK of the handshake era: lists our tools and calls one.
// Arguments: URL, tool, its arguments as JSON. Prints JSON: the names of the tools, and the text of the answer.

import { readFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, name, given] = process.argv.slice(2);
const client = new Client({ name: "typescript", version: "1" });
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
const { tools } = await client.listTools();
const { content } = await client.callTool({ name, arguments: JSON.parse(given) });
const sdk = JSON.parse(readFileSync(new URL("package.json", import.meta.url))).dependencies["@modelcontextprotocol/sdk"];
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), text: content.map((block) => block.text).join("\n"), sdk }));
await client.close();
