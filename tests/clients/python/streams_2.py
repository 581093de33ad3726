"""The official Python SDK, second generation: everything that needs an event stream.

MCP_URL, MCP_KEY: the server and its key. MCP_MODE: "auto" (2026-07-28) or "legacy".
"""

import asyncio
import json
import os

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult

steps = []
progress = []
told = asyncio.Event()


async def fill_in(_context, params):
    steps.append(params.message)
    (field,) = params.model_dump(by_alias=True)["requestedSchema"]["properties"]
    return ElicitResult(action="accept", content={field: "blue"})


async def note(done, _total, _message):
    progress.append(done)


async def hear(message):
    if "list_changed" in str(getattr(message, "method", "")):
        told.set()


async def change(client):
    await client.call_tool("test_trigger_tool_change", {})


async def await_change(client):
    if os.environ.get("MCP_MODE") == "legacy":
        await change(client)
        await told.wait()
        return
    async with client.listen(tools_list_changed=True) as changes:
        await change(client)
        async for _event in changes:
            return


async def main():
    headers = {"Authorization": f"Bearer {os.environ['MCP_KEY']}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(os.environ["MCP_URL"], http_client=http)
        mode = os.environ.get("MCP_MODE", "auto")
        async with Client(
            transport, mode=mode, elicitation_callback=fill_in, message_handler=hear, cache=None
        ) as client:
            before = len((await client.list_tools()).tools)
            watched = await client.call_tool(
                "test_tool_with_progress", {}, progress_callback=note
            )
            asked = await client.call_tool("test_input_required_result_multi_round", {})
            await asyncio.wait_for(await_change(client), 10)
            after = len((await client.list_tools()).tools)
            print(
                json.dumps(
                    {
                        "protocol": client.protocol_version,
                        "progress": progress,
                        "watched": watched.content[0].text,
                        "steps": steps,
                        "asked": asked.content[0].text,
                        "fewer": before - after,
                    }
                )
            )


asyncio.run(main())
