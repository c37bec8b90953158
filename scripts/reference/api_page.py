"""The page of API endpoints, from `docs/openapi.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from scripts.reference.markdown import code, generated, table, text

_SCHEMA: Final = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
_PREFIX: Final = "/api/v1/"


def page() -> str:
    """Return the text of the page."""
    schema = yaml.safe_load(_SCHEMA.read_text(encoding="utf-8"))
    return "\n".join(_lines(schema))


def _lines(schema: dict[str, Any]) -> Iterator[str]:
    yield from generated(
        "API endpoints",
        "[openapi.yaml](../openapi.yaml)",
        "Paths are relative to `/api/v1/`. [The API](api.md) describes what all endpoints have in "
        "common: authentication, errors, conditional writes and paging. The schema also has "
        "examples; a running portal shows it at `/api/v1/docs/`.",
    )
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            found = (method.upper(), path.removeprefix(_PREFIX), operation)
            by_tag.setdefault(operation["tags"][0], []).append(found)
    components = schema["components"]["schemas"]
    for tag, operations in by_tag.items():
        yield f"## {tag.capitalize().replace('-', ' ')}\n"
        for method, path, operation in operations:
            yield f"### {method} {path}\n"
            yield from _operation(operation, components)


def _operation(operation: dict[str, Any], components: dict[str, Any]) -> Iterator[str]:
    for words in dict.fromkeys((operation.get("summary"), operation.get("description"))):
        if words:
            yield f"{text(words)}\n"
    yield table(("parameter", "in", "type", "meaning"), _parameters(operation))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "schema" in content:
        yield "Body:\n"
        yield table(("field", "type", "meaning"), _fields(content["schema"], components))
    yield table(("status", "body", "meaning"), _responses(operation))
    problems = [status for status in sorted(operation["responses"]) if status >= "400"]
    yield f"Problems: {', '.join(problems)}.\n"


def _parameters(operation: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for each in operation.get("parameters", ()):
        needed = " (required)" if each.get("required") and each["in"] != "path" else ""
        kind = _type(each["schema"]) + needed
        yield code(each["name"]), each["in"], kind, _meaning(each)


def _fields(schema: dict[str, Any], components: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    if schema.get("type") == "array":
        schema = schema["items"]
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        if not field.get("readOnly"):
            kind = _type(field) + (" (required)" if name in required else "")
            yield code(name), kind, _meaning(field)


def _responses(operation: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for status, response in sorted(operation["responses"].items()):
        if status >= "400":
            continue
        schemas = [each["schema"] for each in response.get("content", {}).values() if each]
        body = _type(schemas[0]) if schemas else ""
        yield status, body, _meaning(response)


def _meaning(described: dict[str, Any]) -> str:
    """Return a description without its list of values, which the type has already."""
    return text(described.get("description", "").partition("\n\n* `")[0])


def _type(schema: dict[str, Any]) -> str:
    """Return a type in few words; that of a component is its name."""
    if "$ref" in schema:
        return code(schema["$ref"].rpartition("/")[2])
    for combined in ("allOf", "oneOf", "anyOf"):
        if combined in schema:
            return " or ".join(dict.fromkeys(map(_type, schema[combined])))
    if "enum" in schema:
        return " or ".join(code(str(value)) for value in schema["enum"] if value is not None)
    kind = schema.get("type", "any")
    names = [each for each in (kind if isinstance(kind, list) else [kind]) if each != "null"]
    if names == ["array"]:
        return f"list of {_type(schema.get('items', {}))}"
    return schema.get("format") or " or ".join(names) or "null"
