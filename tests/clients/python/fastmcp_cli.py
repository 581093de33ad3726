"""The fastmcp command line, as a person would use it: list the tools, call them, print what was seen.

MCP_URL, MCP_KEY: the server and its key. MCP_CALLS: a JSON file with [{"name", "arguments"}].
"""

import json
import os
import pathlib
import subprocess
import sys

PROGRAM = pathlib.Path(sys.executable).parent / "fastmcp"


def run(*words):
    command = [PROGRAM, *words, "--auth", os.environ["MCP_KEY"], "--json"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    # The command reports a tool's own error by its exit code and still prints the result.
    try:
        return json.loads(done.stdout)
    except ValueError:
        sys.exit(f"fastmcp {words[0]} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")


def wire(result):
    """The result with the names that it has on the wire; the command prints Python's."""
    names = {"is_error": "isError", "structured_content": "structuredContent"}
    return {names.get(name, name): value for name, value in result.items()}


def main():
    url = os.environ["MCP_URL"]
    with open(os.environ["MCP_CALLS"]) as file:
        calls = json.load(file)
    listed = run("list", url)
    results = {}
    for call in calls:
        arguments = json.dumps(call["arguments"])
        results[call["name"]] = wire(
            run("call", url, call["name"], "--input-json", arguments)
        )
    tools = listed["tools"] if isinstance(listed, dict) else listed
    print(json.dumps({"protocol": None, "tools": tools, "results": results}))


main()
