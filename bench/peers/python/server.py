"""The same tools on FastMCP, stateless and answering JSON: its quickest way. Prints its address."""

import logging
import socket
import time

import uvicorn
from fastmcp import FastMCP

mcp = FastMCP("bench")


@mcp.tool
def add(a: int, b: int) -> str:
    """Adds two numbers"""
    return str(a + b)


@mcp.tool
def echo(text: str) -> str:
    """Answers with the text that it was given"""
    return text


@mcp.tool
def burn(ms: int) -> str:
    """Computes for some milliseconds"""
    end = time.thread_time_ns() + ms * 1_000_000
    state = 1
    while time.thread_time_ns() < end:
        state ^= (state << 13) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 7
        state ^= (state << 17) & 0xFFFFFFFFFFFFFFFF
    return str(state)


# The protocol is named, or asyncio does not turn off the joining of small packets.
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
listener.listen(1024)
host, port = listener.getsockname()
print(f"{host}:{port}", flush=True)
logging.disable(logging.INFO)
app = mcp.http_app(path="/mcp", stateless_http=True, json_response=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])
