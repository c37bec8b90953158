"""Tables of measured values have the values of the result files."""

from __future__ import annotations

import json
import re
from statistics import median
from typing import Any

from benchmarks.report import RESULTS
from tests.cloud import REPOSITORY

DOCS = REPOSITORY / "docs"
BENCHMARKS = (DOCS / "explanation" / "benchmarks.md").read_text(encoding="utf-8")
RECEIVER = (DOCS / "explanation" / "benchmarks-receiver.md").read_text(encoding="utf-8")
PRODUCTION = (DOCS / "how-to" / "deploy" / "production.md").read_text(encoding="utf-8")


def measured(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["measured"]


def rows(text: str, after: str) -> dict[str, list[str]]:
    """Return the cells of the first table after `after`, by the first of each row."""
    _, _, rest = text.partition(after)
    table = re.search(r"(?:^\|.*\n)+", rest, re.MULTILINE)
    assert table is not None, after
    split = [line.strip("| \n").split(" | ") for line in table.group().splitlines()]
    return {cells[0]: cells[1:] for cells in split[2:]}


def rounded(value: float, like: str) -> str:
    """Return a number with as many decimals as the one that the page has."""
    decimals = len(like.partition(".")[2])
    return f"{value:,.{decimals}f}"


def assert_shown(cells: list[str], values: list[float]) -> None:
    assert cells == [rounded(value, like) for value, like in zip(values, cells, strict=True)]


def test_sync() -> None:
    sizes = {
        database: {fleet["size"]: fleet["costs"] for fleet in fleets}
        for database, fleets in measured("sync").items()
    }
    shown = rows(BENCHMARKS, "### Results of sync")
    costs = [each[10_000] for each in sizes.values()]
    names = {
        "list of 10,000 instances by the SDK": "list by the SDK alone",
        "insert of the rows": "rows alone",
        "import of 10,000": "import",
    }
    for label, name in names.items():
        assert_shown(shown[label][:2], [each[name]["seconds"] for each in costs])
    limits = [
        1.2 * each["list by the SDK alone"]["seconds"] + each["rows alone"]["seconds"]
        for each in costs
    ]
    text = shown["import of 10,000"][2].partition(": ")[2]
    assert_shown(text.split(" and "), limits)
    plans = [each["plan, nothing to do"]["cpu"] for each in costs]
    assert_shown(shown["plan of 10,000, processor time"][:2], plans)
    applies = [each[1_000]["apply"]["seconds"] for each in sizes.values()]
    assert_shown(shown["apply of 1,000"][:2], applies)


def test_client_to_client() -> None:
    runs = measured("client-to-client")["runs"]
    shown = list(rows(BENCHMARKS, "## client_to_client").items())
    assert len(shown) == len(runs)
    for (rate, cells), run in zip(shown, runs, strict=True):
        assert rate.removesuffix(", both web workers replaced") == f"{run['rate']:,.0f}"
        times = [run["milliseconds"][each] for each in ("p50", "p99", "p100")]
        assert_shown(cells[:4], [run["received_a_second"], *times])
        assert run["lost"] == run["repeated"] == run["out_of_order"] == 0


def test_portal() -> None:
    found = measured("portal")
    small, large = found["100"], found["10000"]
    for label, cells in rows(BENCHMARKS, "## portal").items():
        name = label.strip("`")
        assert_shown(cells, [small[name], large[name], large[name] / small[name]])


def test_validator() -> None:
    found = measured("validator")
    for label, cells in rows(BENCHMARKS, "## validator").items():
        name = label.replace("`", "")
        assert_shown(cells, [found["microseconds"][name], found["ratio_to_signature"][name]])


def test_processes() -> None:
    fleets = measured("processes").values()
    for name, cells in rows(BENCHMARKS, "## processes").items():
        values = [fleet[name.replace("`", "")] for fleet in fleets]
        assert_shown(
            cells, [each for value in values for each in (value["seconds"], value["mebibytes"])]
        )


def test_retention() -> None:
    found = measured("retention").values()
    shown = rows(BENCHMARKS, "## retention")
    assert shown["rows deleted a minute, including pauses"] == [
        f"{each['deleted_a_minute'] / 1e6:.1f} million" for each in found
    ]
    assert_shown(
        shown["rows inserted a minute, at most"], [each["inserted_a_minute"] for each in found]
    )
    assert_shown(shown["slowest transaction, s"], [each["slowest"] for each in found])


def test_receiver() -> None:
    found = list(measured("receiver")["rounds"].values())
    shown = list(rows(RECEIVER, "## Results").values())
    keys = ("requests_a_second", "p50", "p99", "processor_microseconds")
    for cells, rounds in zip(shown, found, strict=True):
        assert_shown(cells[:4], [median(each[key] for each in rounds) for key in keys])
    for cells, rounds in zip(shown[1:], found[1:], strict=True):
        ratios = [
            ours["requests_a_second"] / theirs["requests_a_second"]
            for ours, theirs in zip(found[0], rounds, strict=True)
        ]
        assert_shown(cells[4:], [median(ratios)])


def test_many_instances() -> None:
    shown = rows(RECEIVER, "Requests of many instances")
    for (size, cells), run in zip(shown.items(), measured("receiver-instances"), strict=True):
        assert size == f"{run['instances']:,}"
        assert cells[0] == f"{run['accepted']:,} of {run['sent']:,}"
        values = [run[each] for each in ("percent_of_a_core", "p50", "p99", "p100")]
        assert_shown(cells[1:], values)


def test_failures_of_the_deployment() -> None:
    found = measured("shape")
    requests, applies = found["requests"], found["applies"]
    answers, hostile = requests["valid_answers"], requests["hostile_answers"]
    unanswered = sum(number for name, number in hostile.items() if name.startswith("no answer"))
    shown = rows(PRODUCTION, "answers 502:")
    assert [int(cells[0].replace(",", "").removesuffix(" each")) for cells in shown.values()] == [
        requests["valid_sent"],
        requests["valid_answered_200"],
        answers["401 key_id_unknown"],
        sum(number for name, number in answers.items() if name.startswith("no answer")),
        requests["hostile_sent"],
        requests["hostile_sent"] - unanswered,
        unanswered,
        requests["decided"],
        requests["recorded"],
        requests["lost_with_killed_processes"],
        applies["operations_succeeded"],
        applies["writes_accepted_by_azure"],
    ]
    assert (found["troubles"], found["processes_killed"]) == (17, 8)


def test_kills() -> None:
    found = [measured(f"kills-seed-{seed}") for seed in (16, 17)]

    def total(key: str) -> str:
        return f"{sum(each[key] for each in found):,}"

    assert f"killed workers {total('kills')} times" in PRODUCTION
    shown = rows(PRODUCTION, "kills-seed-17.json")
    claims, by_stage, operations, writes, never = (cells[0] for cells in shown.values())
    assert claims == total("claims_interrupted")
    assert by_stage == ", ".join(
        f"{sum(each['interrupted_while'][stage] for each in found):,}"
        for stage in ("pending", "sending", "polling", "done")
    )
    assert operations == total("operations_succeeded") == total("operations_started")
    assert writes == f"{total('writes_accepted_by_azure')} each"
    assert never == total("written_twice") == total("writes_lost") == total("stuck")
