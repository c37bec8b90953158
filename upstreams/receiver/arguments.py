"""A handler's parameters, read once from its signature, and what a client's arguments must be.

Arguments come as JSON or MessagePack values, so that an annotation can be `str`, `int`, `float`,
`bool`, `None`, `list`, `dict` with string keys, `Literal`, a union of these, or `Any`; `bytes` and
`datetime` come with MessagePack only. A parameter without an annotation takes anything.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Literal, Union

from upstreams.receiver.errors import ArgumentsMismatch, RegistrationError

Check = Callable[[object], bool]

_PLAIN: Final = (str, bytes, datetime, bool, list, dict)
_POSITIONAL: Final = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that a handler takes from the client."""

    name: str
    type_name: str
    check: Check
    is_required: bool = True


@dataclass(frozen=True)
class Parameters:
    """All that a handler takes from the client. `rest` takes what is left over, as `*args` does."""

    positional: tuple[Parameter, ...] = ()
    rest: Parameter | None = None

    @cached_property
    def required(self) -> int:
        """How many arguments there must be at least."""
        return sum(parameter.is_required for parameter in self.positional)

    def check(self, arguments: Sequence[object]) -> None:
        """Raise ArgumentsMismatch unless a handler can be called with `arguments`."""
        most = len(self.positional)
        if len(arguments) < self.required or (self.rest is None and len(arguments) > most):
            raise ArgumentsMismatch(
                "arguments_count", f"{_counted(self)} expected, {len(arguments)} given."
            )
        for index, argument in enumerate(arguments):
            parameter = self.positional[index] if index < most else self.rest
            if parameter is not None and not parameter.check(argument):
                raise ArgumentsMismatch(
                    "arguments_type",
                    f"{parameter.name!r} must be {parameter.type_name}, "
                    f"not {type(argument).__name__}.",
                )


def parameters_of(function: Callable[..., object]) -> Parameters:
    """Return what `function` takes after its first parameter, the request.

    Raises RegistrationError where no upstream request could ever call it.
    """
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise _wrong(
            function, "is async: the receiver calls handlers in a thread, write a plain def"
        )
    signature = list(inspect.signature(function).parameters.values())
    if not signature or signature[0].kind not in _POSITIONAL:
        raise _wrong(function, "has no first parameter for the request")
    annotations = _annotations(function, signature[1:])
    positional: list[Parameter] = []
    rest = None
    for parameter in signature[1:]:
        if parameter.kind in _POSITIONAL:
            positional.append(_parameter(function, parameter, annotations))
        elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            rest = _parameter(function, parameter, annotations)
        elif parameter.default is inspect.Parameter.empty:
            raise _wrong(function, f"takes {parameter.name!r} by name: a client's have none")
    return Parameters(tuple(positional), rest)


def _parameter(
    function: Callable[..., object], parameter: inspect.Parameter, annotations: dict[str, Any]
) -> Parameter:
    annotation = annotations.get(parameter.name, Any)
    check = _check_for(annotation)
    if check is None:
        raise _wrong(
            function,
            f"wants {parameter.name!r} as {_type_name(annotation)}, which neither JSON nor "
            "MessagePack can carry",
        )
    return Parameter(
        name=parameter.name,
        type_name=_type_name(annotation),
        check=check,
        is_required=parameter.default is inspect.Parameter.empty,
    )


def _annotations(
    function: Callable[..., object], parameters: Sequence[inspect.Parameter]
) -> dict[str, Any]:
    # Only those of the arguments: the request's may well stand under TYPE_CHECKING.
    written = types.SimpleNamespace(
        __annotations__={
            parameter.name: parameter.annotation
            for parameter in parameters
            if parameter.annotation is not inspect.Parameter.empty
        }
    )
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    try:
        return typing.get_type_hints(written, globalns=scope)
    except NameError as error:
        raise _wrong(function, f"has an annotation that cannot be read: {error}") from error


def _check_for(annotation: Any) -> Check | None:
    """Return the test for values of the annotated type; None where no value can be of it."""
    if annotation is Any or annotation is object:
        return lambda _value: True
    if annotation is None or annotation is types.NoneType:
        return lambda value: value is None
    # bool is an int to Python and to nobody else; JSON writes 1.0 as 1.
    if annotation is int:
        return lambda value: type(value) is int
    if annotation is float:
        return lambda value: type(value) in {int, float}
    if annotation in _PLAIN:
        return lambda value: isinstance(value, annotation)
    return _check_for_generic(typing.get_origin(annotation), typing.get_args(annotation))


def _check_for_generic(origin: Any, parts: tuple[Any, ...]) -> Check | None:
    if origin is Literal:
        return lambda value: any(value == one and type(value) is type(one) for one in parts)
    checks = [_check_for(part) for part in parts]
    if origin is None or None in checks:
        return None
    known = typing.cast("list[Check]", checks)
    if origin in {Union, types.UnionType}:
        return lambda value: any(check(value) for check in known)
    if origin is list:
        return lambda value: isinstance(value, list) and all(map(known[0], value))
    if origin is dict and parts[0] is str:
        return lambda value: isinstance(value, dict) and all(map(known[1], value.values()))
    return None


def _type_name(annotation: Any) -> str:
    if annotation is types.NoneType:
        return "None"
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _counted(parameters: Parameters) -> str:
    least, most = parameters.required, len(parameters.positional)
    if parameters.rest is not None:
        return f"At least {least} arguments"
    if least != most:
        return f"{least} to {most} arguments"
    return "1 argument" if most == 1 else f"{most} arguments"


def _wrong(function: Callable[..., object], what: str) -> RegistrationError:
    return RegistrationError(f"The handler {function.__module__}.{function.__qualname__} {what}.")
