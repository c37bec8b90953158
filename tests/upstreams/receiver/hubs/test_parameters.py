"""A client's arguments against a handler's annotations."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstreams.receiver.hubs.errors import RegistrationError
from upstreams.receiver.hubs.parameters import parameters_of
from upstreams.receiver.protocol.refusals import ArgumentsMismatch

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def fits(annotation: Any, value: object) -> bool:
    def handler(_request: object, argument: object) -> None: ...

    handler.__annotations__["argument"] = annotation
    try:
        parameters_of(handler).check([value])
    except ArgumentsMismatch:
        return False
    return True


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (str, ["", "a"], [1, None, b"a", ["a"]]),
        (int, [0, -1], [True, 1.0, "1"]),
        (float, [1.5, 1], [True, "1"]),
        (bool, [True, False], [0, 1, "true"]),
        (bytes, [b"", b"a"], ["a"]),
        (datetime, [NOW], ["2024-01-01", 0]),
        (None, [None], [0, ""]),
        (list, [[], [1]], [(), {}, "a"]),
        (dict, [{}, {"k": 1}], [[]]),
        (list[int], [[], [1, 2]], [["a"], [1, None], 1]),
        (dict[str, list[int]], [{}, {"k": [1]}], [{"k": 1}]),
        (Literal["a", 1], ["a", 1], ["b", True, 2]),
        (str | None, ["a", None], [1]),
        (Optional[int], [1, None], ["a"]),  # noqa: UP045  # both spellings are read
        (Any, [1, None, []], []),
        (object, [1, None, []], []),
        ("list[int]", [[1]], [["a"]]),
        (typing.List, [[], [1]], [{}, "a"]),  # noqa: UP006
        (typing.Dict, [{}, {"k": 1}], [[]]),  # noqa: UP006
        (list[typing.Dict], [[], [{"k": 1}]], [{}, [1]]),  # type: ignore[type-arg]  # noqa: UP006
    ],
)
def test_annotation_accepts_its_values_only(
    annotation: Any, good: Sequence[object], bad: Sequence[object]
) -> None:
    assert [value for value in good if not fits(annotation, value)] == []
    assert [value for value in bad if fits(annotation, value)] == []


def none(_request: object) -> None: ...
def two(_request: object, one: str, two: int) -> None: ...
def default(_request: object, one: str, two: int = 2) -> None: ...
def rest(_request: object, one: str, *more: int) -> None: ...
def untyped(_request, anything): ...  # type: ignore[no-untyped-def]
def keyword(_request: object, one: str, *, flag: bool = False) -> None: ...


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (none, []),
        (two, ["a", 1]),
        (default, ["a"]),
        (default, ["a", 1]),
        (rest, ["a"]),
        (rest, ["a", 1, 2]),
        (untyped, [{}]),
        (keyword, ["a"]),
    ],
)
def test_accepts_matching_arguments(function: Any, arguments: list[object]) -> None:
    parameters_of(function).check(arguments)
    function(object(), *arguments)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (none, ["a"], "0 arguments expected, 1 given."),
        (two, ["a"], "2 arguments expected, 1 given."),
        (two, ["a", 1, 2], "2 arguments expected, 3 given."),
        (default, [], "1 to 2 arguments expected, 0 given."),
        (rest, [], "At least 1 argument expected, 0 given."),
        (keyword, ["a", True], "1 argument expected, 2 given."),
        (two, ["a", "b"], "'two' must be int, not str."),
        (rest, ["a", 1, "b"], "'more' must be int, not str."),
        (default, [None, 1], "'one' must be str, not NoneType."),
    ],
)
def test_describes_mismatching_arguments(
    function: Any, arguments: list[object], message: str
) -> None:
    with pytest.raises(ArgumentsMismatch) as caught:
        parameters_of(function).check(arguments)
    assert str(caught.value) == message


class Room(Enum):
    """No value that a client could send."""

    LOBBY = "lobby"


UNCHECKABLE = [
    tuple,
    set,
    typing.Tuple,  # noqa: UP006
    typing.Set,  # noqa: UP006
    typing.Mapping,
    tuple[int, ...],
    list[int, str],  # type: ignore[misc]
    dict[str],  # type: ignore[misc]
    dict[int, str],
    typing.Union,
    typing.Literal,
    Literal[Room.LOBBY],
    Room,
    typing.TypeVar("T"),
    5,
    "list[",
    "Room.NOWHERE",
    "1 / 0",
]


@pytest.mark.parametrize("annotation", UNCHECKABLE, ids=str)
def test_refuses_unsupported_annotation(annotation: Any) -> None:
    with pytest.raises(RegistrationError, match=r"neither JSON nor|cannot be read"):
        fits(annotation, None)


def test_refuses_unsupported_nested_annotation() -> None:
    for annotation in (list[tuple], dict[str, typing.Set], str | set):  # type: ignore[type-arg]  # noqa: UP006
        with pytest.raises(RegistrationError, match=r"'argument' with .*neither JSON nor"):
            fits(annotation, None)


GENERICS: list[Any] = [list, dict, typing.List, typing.Dict, Optional, set, tuple]  # noqa: UP006
ANNOTATIONS = st.recursive(
    st.sampled_from([str, int, None, Any, *GENERICS, Literal["a"], Room]),
    lambda inner: st.builds(
        lambda generic, parts: _of(generic, tuple(parts)),
        st.sampled_from(GENERICS),
        st.lists(inner, min_size=1, max_size=2),
    ),
    max_leaves=5,
)
ARGUMENTS = st.recursive(
    st.none() | st.integers() | st.text(max_size=1),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=1), inner),
    max_leaves=5,
)


def _of(generic: Any, parts: tuple[Any, ...]) -> Any:
    """Return what `generic[parts]` is, or what it is of where Python refuses that."""
    try:
        return generic[parts]
    except TypeError:
        return generic


@given(ANNOTATIONS, ARGUMENTS)
def test_every_annotation_is_refused_or_checks_every_value(annotation: Any, value: object) -> None:
    with suppress(RegistrationError):
        assert fits(annotation, value) in {True, False}
