"""The official Python SDK, second generation: list the tools, call them, print what was seen.

MCP_URL, MCP_KEY: the server and its key. MCP_CALLS: a JSON file with [{"name", "arguments"}].
MCP_MODE: "auto" (2026-07-28 with fallback) or "legacy" (the initialize handshake).
"""

import asyncio
import json
import os

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client


def plain(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def main():
    with open(os.environ["MCP_CALLS"]) as file:
        calls = json.load(file)
    headers = {"Authorization": f"Bearer {os.environ['MCP_KEY']}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(os.environ["MCP_URL"], http_client=http)
        async with Client(transport, mode=os.environ.get("MCP_MODE", "auto")) as client:
            tools = (await client.list_tools()).tools
            results = {}
            for call in calls:
                results[call["name"]] = plain(
                    await client.call_tool(call["name"], call["arguments"])
                )
            print(
                json.dumps(
                    {
                        "protocol": client.protocol_version,
                        "tools": [plain(tool) for tool in tools],
                        "results": results,
                    }
                )
            )


asyncio.run(main())
