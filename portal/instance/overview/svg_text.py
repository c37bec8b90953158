"""Text in an SVG, which does not wrap by itself: estimated widths and line breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

# Widths in em of Inter, the portal's typeface, rounded up; a wider fallback still fits its card.
_NARROW: Final = dict.fromkeys("ijlI.,:;'|!()[]{}", 0.34) | dict.fromkeys('frt/\\-" ', 0.42)
_WIDE: Final = dict.fromkeys("mwMW@%", 0.92) | dict.fromkeys("CDGHNOQU&", 0.76)
_WIDTHS: Final = _NARROW | _WIDE
_UPPER, _OTHER, _NOT_LATIN = 0.68, 0.61, 1.0
# A line may break after these.
_BREAKS: Final = " /-_.?&=,"
_ELLIPSIS: Final = "…"


def width_of(text: str, size: float) -> float:
    """Return the estimated width of `text` in a font of that size, in the same unit."""
    return sum(_em(each) for each in text) * size


def wrap(text: str, width: float, size: float, lines: int) -> list[str]:
    """Return `text` in at most that many lines of that width; an ellipsis ends what is cut."""
    found: list[str] = []
    rest = text.strip()
    while rest:
        if width_of(rest, size) <= width:
            return [*found, rest]
        if len(found) == lines - 1:
            return [*found, _cut(rest, width, size)]
        line = _first_line(rest, width, size)
        found.append(line.rstrip())
        rest = rest[len(line) :].lstrip()
    return found


def _first_line(text: str, width: float, size: float) -> str:
    """Return what fits, up to the last place where a line may break, if that is not too early."""
    fitting = _fitting(text, width, size)
    ends = [place + 1 for place, each in enumerate(fitting) if each in _BREAKS]
    return text[: ends[-1]] if ends and ends[-1] * 2 > len(fitting) else fitting


def _cut(text: str, width: float, size: float) -> str:
    return _fitting(text, width - width_of(_ELLIPSIS, size), size).rstrip() + _ELLIPSIS


def _fitting(text: str, width: float, size: float) -> str:
    """Return the longest start of `text` that fits, of at least one character."""
    ends = [place for place, end in enumerate(_ends(text, size), 1) if end <= width]
    return text[: max(ends, default=1)]


def _ends(text: str, size: float) -> Iterator[float]:
    total = 0.0
    for each in text:
        total += _em(each) * size
        yield total


def _em(character: str) -> float:
    if character in _WIDTHS:
        return _WIDTHS[character]
    if not character.isascii():
        return _NOT_LATIN
    return _UPPER if character.isupper() else _OTHER
