"""The limits and the plot of the benchmark of sync."""

from __future__ import annotations

from benchmarks.sync.results import (
    APPLY,
    IMPORT,
    PLAN,
    ROWS,
    SDK_LIST,
    Cost,
    Fleet,
    allowed_seconds,
    chart,
    limits,
    request_lines,
)


def fleet(size: int, **seconds: float) -> Fleet:
    names = {"sdk": SDK_LIST, "rows": ROWS, "imported": IMPORT, "plan": PLAN, "apply": APPLY}
    return Fleet(size, {names[key]: Cost(each, each, 1) for key, each in seconds.items()})


def test_writes_up_to_the_size_of_the_bucket_take_no_time() -> None:
    assert [allowed_seconds(writes) for writes in (100, 200, 1_000)] == [0, 0, 80]


def test_import_may_take_the_rows_in_addition_to_the_list() -> None:
    (kept,) = limits([fleet(10_000, sdk=10, rows=5, imported=17)])
    (missed,) = limits([fleet(10_000, sdk=10, rows=5, imported=17.1)])
    assert (kept.is_kept, missed.is_kept) == (True, False)
    assert "10.00 s" in kept.text
    assert "5.00 s" in kept.text


def test_import_of_a_small_fleet_has_no_limit() -> None:
    (limit,) = limits([fleet(100, sdk=0.1, rows=0.1, imported=5)])
    assert limit.is_kept


def test_plan_of_a_large_fleet_takes_less_than_a_second() -> None:
    found = limits([fleet(1_000, plan=3), fleet(10_000, plan=0.9), fleet(10_000, plan=1)])
    assert [each.is_kept for each in found] == [True, False]


def test_apply_is_compared_with_what_azure_allows() -> None:
    found = limits([fleet(100, apply=60), fleet(1_000, apply=95), fleet(1_000, apply=97)])
    assert [each.is_kept for each in found] == [True, False]


def test_requests_are_named_for_each_instance() -> None:
    applied = Fleet(1_000, {}, {"writes": 1.0, "polls": 1.25}, 3)
    (line,) = request_lines([applied, fleet(10)])
    assert "1.00 writes, 1.25 polls" in line
    assert "429: 3" in line


def test_plot_has_a_line_for_each_command_and_database() -> None:
    fleets = [fleet(100, imported=1, plan=0.1), fleet(1_000, imported=9, plan=1)]
    drawn = chart({"SQLite": fleets, "PostgreSQL": fleets})
    assert drawn.count("<polyline") == 4
    assert "import, PostgreSQL" in drawn
