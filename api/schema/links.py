"""OpenAPI links: operations that continue from a response, and their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def link(operation: str, **parameters: str) -> dict[str, Any]:
    """Return a link to the operation of that id; the parameters are runtime expressions."""
    return {"operationId": operation, "parameters": parameters}


def to_operation(expression: str = "$response.body#/id") -> Mapping[str, Any]:
    """Return the links from a response with an operation: to its status and to its cancellation."""
    return {
        "operation": link("operations_retrieve", id=expression),
        "cancel": link("operations_cancel_create", id=expression),
    }


def to_instance(expression: str, *operations: str) -> Mapping[str, Any]:
    """Return the links from a response with an instance's name to operations on the instance."""
    return {operation: link(operation, name=expression) for operation in operations}
