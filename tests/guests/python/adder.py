"""One tool in Python, for the benchmarks: a component that brings an interpreter and its library."""

import json

from wit_world import exports
from wit_world.exports.tools import (
    Annotations,
    CallOutcome_Complete,
    Needs,
    TaskSupport,
    Tool,
    ToolResult,
)
from wit_world.imports.types import Content, ContentBody_Text

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}


class Tools(exports.Tools):
    def describe(self):
        add = Tool(
            name="add",
            title="Add",
            description="Adds two numbers",
            input_schema=json.dumps(SCHEMA),
            output_schema=None,
            annotations=Annotations(None, None, None, None),
            icons=[],
            task_support=TaskSupport.FORBIDDEN,
            needs=Needs([], [], [], False),
            meta=None,
        )
        return [add]

    def call(self, name, arguments, context):
        given = json.loads(arguments)
        text = str(given["a"] + given["b"])
        content = [Content(ContentBody_Text(text), None, None)]
        return CallOutcome_Complete(ToolResult(content, None, None))
