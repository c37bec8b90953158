"""Charts as SVG, without a library: lines over a logarithmic or linear axis, and bars."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Final, Literal

Points = Sequence[tuple[float, float]]
Scale = Literal["log", "linear"]

# Distinguishable with colour vision deficiencies. Source: Okabe and Ito, "Color Universal Design".
_COLOURS: Final = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#000000", "#e69f00",
)  # fmt: skip
_DASHES: Final = ("", "6 3", "2 3")
_LEFT: Final = 64
_TOP: Final = 40
_PLOT_WIDTH: Final = 440
_PLOT_HEIGHT: Final = 300
_BOTTOM: Final = _TOP + _PLOT_HEIGHT
_LEGEND_WIDTH: Final = 280
_ROW: Final = 18
_LABELS: Final = 290


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart. Lines with the same `dash`, from 0 to 2, are drawn alike.

    Lines of one `group`, by default the name, have one colour.
    """

    name: str
    points: Points
    dash: int = 0
    group: str = ""


def line_chart(
    title: str,
    lines: Sequence[Line],
    *,
    x: str,
    y: str,
    scale: Scale = "log",
) -> str:
    """Return an SVG chart of lines with both axes on that scale; `x` and `y` label the axes.

    A logarithmic axis leaves out what is not positive.
    """
    shown = [
        replace(each, points=points)
        for each in lines
        if (points := [point for point in each.points if scale == "linear" or min(point) > 0])
    ]
    across = _Axis.of([point[0] for each in shown for point in each.points], scale, _PLOT_WIDTH)
    up = _Axis.of([point[1] for each in shown for point in each.points], scale, _PLOT_HEIGHT)
    middle = _TOP + _PLOT_HEIGHT / 2
    parts = [
        _text(_LEFT, 22, title, weight="bold"),
        *_grid(across, up),
        _text(_LEFT + _PLOT_WIDTH / 2, _BOTTOM + 36, x, "middle"),
        f'<g transform="rotate(-90 14 {middle:g})">{_text(14, middle, y, "middle")}</g>',
    ]
    colours = _colours([each.group or each.name for each in shown])
    for number, each in enumerate(shown):
        colour = colours[each.group or each.name]
        stroke = f'stroke="{colour}" stroke-dasharray="{_DASHES[each.dash]}"'
        places = [(_LEFT + across.place(at), _BOTTOM - up.place(to)) for at, to in each.points]
        drawn = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
        parts.append(f'<polyline points="{drawn}" fill="none" stroke-width="2" {stroke}/>')
        parts += [
            f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3" fill="{colour}"/>'
            for left, top in places
        ]
        left, top = _LEFT + _PLOT_WIDTH + 16, _TOP + 8 + number * _ROW
        parts.append(f'<path d="M{left} {top}h26" stroke-width="2" {stroke}/>')
        parts.append(_text(left + 32, top + 4, each.name))
    height = max(_BOTTOM + 48, _TOP + len(shown) * _ROW + 16)
    return _svg(title, _LEFT + _PLOT_WIDTH + _LEGEND_WIDTH, height, parts)


def bar_chart(title: str, bars: Mapping[str, float], *, unit: str) -> str:
    """Return an SVG chart of horizontal bars, each with its value in `unit`."""
    longest = max(bars.values(), default=0) or 1
    parts = [_text(12, 22, title, weight="bold")]
    for number, (name, value) in enumerate(bars.items()):
        top = _TOP + number * (_ROW + 8)
        width = value / longest * _PLOT_WIDTH
        place = f'x="{_LABELS}" y="{top}" width="{width:.1f}" height="{_ROW}"'
        parts += [
            _text(_LABELS - 8, top + 13, name, "end"),
            f'<rect {place} fill="{_COLOURS[0]}"/>',
            _text(_LABELS + width + 6, top + 13, f"{_number(value)} {unit}"),
        ]
    return _svg(title, _LABELS + _PLOT_WIDTH + 120, _TOP + len(bars) * (_ROW + 8) + 12, parts)


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    scale: Scale
    length: float
    ticks: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float], scale: Scale, length: float) -> _Axis:
        if scale == "log":
            low = math.floor(math.log10(min(values, default=1)))
            high = max(math.ceil(math.log10(max(values, default=1))), low + 1)
            ticks = tuple(10.0**power for power in range(low, high + 1))
            return cls(low, high, scale, length, ticks)
        step = _step(max(values, default=1))
        count = max(math.ceil(max(values, default=1) / step), 1)
        return cls(0, count * step, scale, length, tuple(step * each for each in range(count + 1)))

    def place(self, value: float) -> float:
        at = math.log10(value) if self.scale == "log" else value
        return (at - self.low) / (self.high - self.low) * self.length


def _step(highest: float) -> float:
    """Return 1, 2 or 5 times a power of ten: at most ten steps reach `highest`."""
    power = 10.0 ** math.floor(math.log10(highest / 10 or 1))
    return next(step * power for step in (1, 2, 5, 10) if step * power * 10 >= highest)


def _grid(across: _Axis, up: _Axis) -> Iterator[str]:
    for value in across.ticks:
        left = _LEFT + across.place(value)
        yield _rule(left, _TOP, left, _BOTTOM)
        yield _text(left, _BOTTOM + 16, _number(value), "middle")
    for value in up.ticks:
        top = _BOTTOM - up.place(value)
        yield _rule(_LEFT, top, _LEFT + _PLOT_WIDTH, top)
        yield _text(_LEFT - 6, top + 4, _number(value), "end")


def _colours(names: Sequence[str]) -> dict[str, str]:
    distinct = dict.fromkeys(names)
    return {name: _COLOURS[at % len(_COLOURS)] for at, name in enumerate(distinct)}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004


def _text(left: float, top: float, text: str, anchor: str = "start", weight: str = "") -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    return f'<text x="{left:g}" y="{top:g}" text-anchor="{anchor}"{bold}>{escape(text)}</text>'


def _rule(left: float, top: float, right: float, bottom: float) -> str:
    return f'<path d="M{left:.1f} {top:.1f}L{right:.1f} {bottom:.1f}" stroke="#ddd"/>'


def _svg(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    lines = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img" aria-label="{escape(title)}" '
        'font-family="sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{lines}\n</svg>\n'
    )
