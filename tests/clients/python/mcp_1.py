"""The official Python SDK, first generation: list the tools, call them, print what was seen.

MCP_URL, MCP_KEY: the server and its key. MCP_CALLS: a JSON file with [{"name", "arguments"}].
"""

import asyncio
import json
import os

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


def plain(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def main():
    with open(os.environ["MCP_CALLS"]) as file:
        calls = json.load(file)
    headers = {"Authorization": f"Bearer {os.environ['MCP_KEY']}"}
    async with streamablehttp_client(os.environ["MCP_URL"], headers=headers) as (read, write, _):
        async with ClientSession(read, write) as session:
            greeting = await session.initialize()
            tools = (await session.list_tools()).tools
            results = {}
            for call in calls:
                results[call["name"]] = plain(
                    await session.call_tool(call["name"], call["arguments"])
                )
            print(
                json.dumps(
                    {
                        "protocol": greeting.protocolVersion,
                        "tools": [plain(tool) for tool in tools],
                        "results": results,
                    }
                )
            )


asyncio.run(main())
