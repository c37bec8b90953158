"""A handler's parameters, read once from its signature, and the check of a client's arguments.

Arguments come as JSON or MessagePack values, so that an annotation can be `str`, `int`, `float`,
`bool`, `None`, `list`, `dict` with string keys, `Literal`, a union of these, or `Any`; `bytes` and
`datetime` come with MessagePack only. A parameter without an annotation takes anything.
"""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final, Literal, Union

from upstreams.receiver.hubs.errors import RegistrationError
from upstreams.receiver.protocol.refusals import ArgumentsMismatch

Check = Callable[[object], bool]

_PLAIN: Final = (str, bytes, datetime, bool, list, dict)
# What a Literal may list: a client's value can be none of the others, an Enum's members least.
_LISTED: Final = (str, bytes, int, bool, types.NoneType)
_POSITIONAL: Final = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A handler's parameter that takes one of the client's arguments."""

    name: str
    type_name: str
    check: Check
    is_required: bool = True


@dataclass(frozen=True)
class Parameters:
    """The parameters that take the client's arguments. `rest` is `*args`."""

    positional: tuple[Parameter, ...] = ()
    rest: Parameter | None = None

    @cached_property
    def required(self) -> int:
        """The least number of arguments."""
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
    """Return the parameters of `function` after the first, which is the request.

    Raises RegistrationError where no upstream request could call it.
    """
    if _is_generator(function):
        raise _wrong(function, "is a generator: return one value instead of yielding")
    signature = _signature(function)
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
            raise _wrong(
                function,
                f"has the keyword-only parameter {parameter.name!r}: clients send positional "
                "arguments only",
            )
    return Parameters(tuple(positional), rest)


def name_of(function: Callable[..., object]) -> str:
    """Return a handler's full name: of an object that is called, that of its `__call__`."""
    written = _written(function)
    return f"{getattr(written, '__module__', 'builtins')}.{written.__qualname__}"


def _written(function: Callable[..., object]) -> Any:
    """Return the project's own function, beneath `partial` and decorators."""
    function = inspect.unwrap(_without_partial(function))
    return function if hasattr(function, "__qualname__") else type(function).__call__


def _without_partial(function: Callable[..., object]) -> Callable[..., object]:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def is_async(function: Callable[..., object]) -> bool:
    """Return whether a handler is a coroutine function, to be called on the event loop."""
    return any(map(inspect.iscoroutinefunction, _called(function)))


def _is_generator(function: Callable[..., object]) -> bool:
    return any(
        inspect.isasyncgenfunction(each) or inspect.isgeneratorfunction(each)
        for each in _called(function)
    )


def _called(function: Callable[..., object]) -> tuple[Any, Any]:
    # Not what a decorator wraps: it may run a coroutine to its end.
    called = _without_partial(function)
    return called, getattr(type(called), "__call__", None)  # noqa: B004


def _signature(function: Callable[..., object]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise RegistrationError(
            f"{function!r} cannot be a handler: its parameters cannot be read. Wrap it in a "
            "function that is defined with def."
        ) from error


def _parameter(
    function: Callable[..., object], parameter: inspect.Parameter, annotations: dict[str, Any]
) -> Parameter:
    annotation = annotations.get(parameter.name, Any)
    check = _check_for(annotation)
    if check is None:
        raise _wrong(
            function,
            f"annotates {parameter.name!r} with {_type_name(annotation)}, which neither JSON nor "
            "MessagePack supports",
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
    scope = getattr(_written(function), "__globals__", {})
    try:
        return typing.get_type_hints(written, globalns=scope)
    except Exception as error:
        # An annotation is any expression.
        raise _wrong(function, f"has an annotation that cannot be read: {error}") from error


def _check_for(annotation: Any) -> Check | None:
    """Return the test for values of the annotated type; None where no value can be of it."""
    if annotation is Any or annotation is object:
        return lambda _value: True
    if annotation is None or annotation is types.NoneType:
        return lambda value: value is None
    # In Python alone bool is an int; JSON writes 1.0 as 1.
    if annotation is int:
        return lambda value: type(value) is int
    if annotation is float:
        return lambda value: type(value) in {int, float}
    if annotation in _PLAIN:
        return lambda value: isinstance(value, annotation)
    return _check_for_generic(typing.get_origin(annotation), typing.get_args(annotation))


def _check_for_generic(origin: Any, parts: tuple[Any, ...]) -> Check | None:
    if origin is not None and not parts:
        # typing.List without parameters means list.
        return _check_for(origin)
    if origin is Literal:
        return _check_for_literal(parts)
    checks = [_check_for(part) for part in parts]
    if origin is None or None in checks:
        return None
    return _combined(origin, parts, typing.cast("list[Check]", checks))


def _combined(origin: Any, parts: tuple[Any, ...], checks: list[Check]) -> Check | None:
    if origin in {Union, types.UnionType}:
        return lambda value: any(check(value) for check in checks)
    # Python lets a list have two types of elements, and a dict one.
    if origin is list and len(checks) == 1:
        return lambda value: isinstance(value, list) and all(map(checks[0], value))
    if origin is dict and parts[0] is str and checks[1:]:
        return lambda value: isinstance(value, dict) and all(map(checks[1], value.values()))
    return None


def _check_for_literal(listed: tuple[Any, ...]) -> Check | None:
    if not all(type(one) in _LISTED for one in listed):
        return None
    return lambda value: any(value == one and type(value) is type(one) for one in listed)


def _type_name(annotation: Any) -> str:
    if annotation is types.NoneType:
        return "None"
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _counted(parameters: Parameters) -> str:
    least, most = parameters.required, len(parameters.positional)
    if parameters.rest is not None:
        return f"At least {least} argument{'' if least == 1 else 's'}"
    if least != most:
        return f"{least} to {most} arguments"
    return "1 argument" if most == 1 else f"{most} arguments"


def _wrong(function: Callable[..., object], what: str) -> RegistrationError:
    return RegistrationError(f"The handler {name_of(function)} {what}.")
