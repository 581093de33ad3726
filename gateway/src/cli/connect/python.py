import asyncio
import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client


async def main():
    headers = {"Authorization": "Bearer @KEY@"}
    async with httpx2.AsyncClient(headers=headers) as http:
        async with Client(streamable_http_client("@URL@", http_client=http)) as client:
            for tool in (await client.list_tools()).tools:
                print(tool.name)


asyncio.run(main())
