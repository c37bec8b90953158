"""Validation of request bodies: a property that the shape does not have is an error.

A shape is a mapping of names to shapes, a list of one shape, a type, or ANYTHING for what is stored
unchecked. null means "not set", and is allowed everywhere but in an array.
"""

from __future__ import annotations

from typing import Any, Final

from localazure.arm.errors import InvalidContent

ANYTHING: Final = object()

_NAMES = {str: "a string", bool: "a boolean", int: "an integer"}


def check(value: Any, shape: Any, path: str = "") -> None:
    """Refuse a value that does not match the shape. Raises InvalidContent with the path."""
    if value is None or shape is ANYTHING:
        return
    if isinstance(shape, dict):
        _check_object(value, shape, path)
    elif isinstance(shape, list):
        _check_array(value, shape[0], path)
    elif type(value) is not shape:
        raise InvalidContent(f"{_where(path)} has to be {_NAMES[shape]}.")


def _check_object(value: Any, shape: dict[str, Any], path: str) -> None:
    if not isinstance(value, dict):
        raise InvalidContent(f"{_where(path)} has to be an object.")
    for name, member in value.items():
        member_path = f"{path}.{name}" if path else name
        if name not in shape:
            raise InvalidContent(
                "The request content was invalid and could not be deserialized: "
                f"Could not find member '{name}'. Path '{member_path}'."
            )
        check(member, shape[name], member_path)


def _check_array(value: Any, shape: Any, path: str) -> None:
    if not isinstance(value, list):
        raise InvalidContent(f"{_where(path)} has to be an array.")
    for index, member in enumerate(value):
        if member is None:
            raise InvalidContent(f"{_where(f'{path}[{index}]')} has to have a value.")
        check(member, shape, f"{path}[{index}]")


def _where(path: str) -> str:
    return f"The value at '{path}'" if path else "The request content"
