"""The official Python SDK, first generation: everything that needs an event stream.

MCP_URL, MCP_KEY: the server and its key.
"""

import asyncio
import json
import os

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from mcp.types import ElicitResult

steps = []
progress = []
told = asyncio.Event()


async def fill_in(_context, params):
    steps.append(params.message)
    (field,) = params.requestedSchema["properties"]
    return ElicitResult(action="accept", content={field: "blue"})


async def note(done, _total, _message):
    progress.append(done)


async def hear(message):
    if "list_changed" in str(getattr(getattr(message, "root", None), "method", "")):
        told.set()


async def main():
    headers = {"Authorization": f"Bearer {os.environ['MCP_KEY']}"}
    async with streamablehttp_client(os.environ["MCP_URL"], headers=headers) as (read, write, _):
        async with ClientSession(
            read, write, elicitation_callback=fill_in, message_handler=hear
        ) as session:
            greeting = await session.initialize()
            before = len((await session.list_tools()).tools)
            watched = await session.call_tool(
                "test_tool_with_progress", {}, progress_callback=note
            )
            asked = await session.call_tool("test_input_required_result_multi_round", {})
            await session.call_tool("test_trigger_tool_change", {})
            await asyncio.wait_for(told.wait(), 10)
            after = len((await session.list_tools()).tools)
            print(
                json.dumps(
                    {
                        "protocol": greeting.protocolVersion,
                        "progress": progress,
                        "watched": watched.content[0].text,
                        "steps": steps,
                        "asked": asked.content[0].text,
                        "fewer": before - after,
                    }
                )
            )


asyncio.run(main())
