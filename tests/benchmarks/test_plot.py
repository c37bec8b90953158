"""The charts of benchmarks: valid SVG with every value in its place."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from benchmarks.plot import Line, bar_chart, line_chart

_SVG = "{http://www.w3.org/2000/svg}"


def parsed(chart: str) -> ET.Element:
    # The chart is our own, so no entity can be hostile.
    return ET.fromstring(chart)  # noqa: S314


def texts(chart: str) -> list[str]:
    return [each.text or "" for each in parsed(chart).iter(f"{_SVG}text")]


def test_logarithmic_axes_place_powers_of_ten_evenly() -> None:
    lines = [Line("import", [(100, 0.1), (1_000, 1), (10_000, 10)])]
    chart = line_chart("Import", lines, x="instances", y="seconds")
    marks = list(parsed(chart).iter(f"{_SVG}circle"))
    across = [float(mark.get("cx", "")) for mark in marks]
    up = [float(mark.get("cy", "")) for mark in marks]
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.2)
    assert up[0] - up[1] == pytest.approx(up[1] - up[2], abs=0.2)
    assert {"100", "1,000", "10,000", "0.1", "1", "10", "instances", "seconds"} <= {*texts(chart)}


def test_linear_axes_begin_at_zero() -> None:
    lines = [Line("p99", [(0, 0), (45, 9)])]
    chart = line_chart("Latency", lines, x="rate", y="ms", scale="linear")
    first = next(parsed(chart).iter(f"{_SVG}circle"))
    assert (first.get("cx"), first.get("cy")) == ("64.0", "340.0")


def test_lines_of_one_name_have_one_colour() -> None:
    points = [(1.0, 1.0), (10.0, 10.0)]
    chart = line_chart("x", [Line("plan", points), Line("plan", points, dash=1)], x="", y="")
    drawn = list(parsed(chart).iter(f"{_SVG}polyline"))
    assert drawn[0].get("stroke") == drawn[1].get("stroke")
    assert drawn[0].get("stroke-dasharray") != drawn[1].get("stroke-dasharray")


def test_values_that_are_not_positive_have_no_place_on_a_logarithmic_axis() -> None:
    chart = line_chart("x", [Line("a", [(1, 0), (10, 1)]), Line("b", [(1, 0)])], x="", y="")
    assert len(list(parsed(chart).iter(f"{_SVG}circle"))) == 1


def test_bars_have_the_ratio_of_their_values() -> None:
    chart = bar_chart("Memory", {"web": 100, "worker <1>": 50}, unit="MB")
    bars = list(parsed(chart).iter(f"{_SVG}rect"))[1:]
    assert float(bars[0].get("width", "")) == 2 * float(bars[1].get("width", ""))
    assert {"worker <1>", "100 MB", "50 MB"} <= {*texts(chart)}
