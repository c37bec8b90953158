"""Examples in the schema: recorded requests and responses of `examples.json`.

`tests/api/schema/test_examples.py` records that file, and checks that the responses still have that
shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

EXAMPLES: Final = Path(__file__).with_name("examples.json")


def with_examples(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """Add each recorded request and response where the schema describes it.

    A postprocessing hook of drf-spectacular. An operation without an example stays without.
    """
    for example in json.loads(EXAMPLES.read_text(encoding="utf-8")):
        operation = result["paths"].get(example["path"], {}).get(example["method"], {})
        for described, value in _places(operation, example):
            described["example"] = value
    return result


def _places(
    operation: dict[str, Any], example: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield the descriptions of path, request and response, each with its example."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            yield parameter, example["parameters"][parameter["name"]]
    if "request" in example and "requestBody" in operation:
        yield operation["requestBody"]["content"]["application/json"], example["request"]
    answer = operation.get("responses", {}).get(str(example["status"]), {})
    if "application/json" in answer.get("content", {}):
        yield answer["content"]["application/json"], example["response"]
