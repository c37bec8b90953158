"""Links of OpenAPI: which operation goes on from an answer, and with what of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def link(operation: str, **parameters: str) -> dict[str, Any]:
    """Return a link to the operation of that id; the parameters are runtime expressions."""
    return {"operationId": operation, "parameters": parameters}


def to_operation(expression: str = "$response.body#/id") -> Mapping[str, Any]:
    """Return the links from an answer that holds an operation: to its standing and its end."""
    return {
        "operation": link("operations_retrieve", id=expression),
        "cancel": link("operations_cancel_create", id=expression),
    }


def to_instance(expression: str, *operations: str) -> Mapping[str, Any]:
    """Return the links from an answer that holds an instance's name to what is known of it."""
    return {operation: link(operation, name=expression) for operation in operations}
