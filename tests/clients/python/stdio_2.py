"""The official Python SDK, second generation, with a process instead of a URL: list the tools, call
them, print what was seen.

MCP_COMMAND, MCP_URL: the bridge and where it leads. CASEMATE_KEY: the key, for the bridge.
MCP_CALLS: a JSON file with [{"name", "arguments"}]. MCP_MODE: "auto" or "legacy".
"""

import asyncio
import json
import os

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters


def plain(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def main():
    with open(os.environ["MCP_CALLS"]) as file:
        calls = json.load(file)
    bridge = StdioServerParameters(
        command=os.environ["MCP_COMMAND"],
        args=["bridge", "--url", os.environ["MCP_URL"]],
        env={"CASEMATE_KEY": os.environ["CASEMATE_KEY"]},
    )
    async with Client(bridge, mode=os.environ.get("MCP_MODE", "auto")) as client:
        tools = (await client.list_tools()).tools
        results = {}
        for call in calls:
            results[call["name"]] = plain(
                await client.call_tool(call["name"], call["arguments"])
            )
        seen = {
            "protocol": client.protocol_version,
            "tools": [plain(tool) for tool in tools],
            "results": results,
        }
        print(json.dumps(seen))


asyncio.run(main())
