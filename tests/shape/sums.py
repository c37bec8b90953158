"""Comparison of the requests that were sent, answered, handled and recorded, one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from tests.shape.traffic import Sent, is_unanswered
from tests.shape.witness.lines import Line

OUTCOMES: Final = ("accepted", "refused", "failed")
# Notes which process added what to the counts: PGAPPNAME is its process ID.
NOTE_COUNTS: Final = """
    CREATE TABLE shape_counted (process text, outcome text, reason text, number bigint);
    CREATE FUNCTION shape_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO shape_counted VALUES (
            current_setting('application_name'), NEW.outcome, NEW.reason,
            NEW.count - coalesce(OLD.count, 0));
        RETURN NULL;
    END $$;
    CREATE TRIGGER shape_note AFTER INSERT OR UPDATE ON upstreams_deliverycount
        FOR EACH ROW EXECUTE FUNCTION shape_note();
"""


@dataclass(frozen=True)
class Recorded:
    """The counts in the database: of each process, and the sums of each table."""

    by_process: Mapping[int, Counter[tuple[str, str]]]
    counts: int
    totals: int
    refused: int
    refusals: int


def recorded(database: str) -> Recorded:
    """Read what was recorded."""
    by_process: defaultdict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    with psycopg.connect(database) as connection:
        for process, outcome, reason, number in connection.execute("SELECT * FROM shape_counted"):
            by_process[int(process)][outcome, reason] += number
        sums = [
            int((connection.execute(query).fetchone() or [0])[0])
            for query in (
                "SELECT coalesce(sum(count), 0) FROM upstreams_deliverycount",
                "SELECT coalesce(sum(count), 0) FROM upstreams_deliverytotal",
                (
                    "SELECT coalesce(sum(count), 0) FROM upstreams_deliverycount"
                    " WHERE outcome = 'refused'"
                ),
                "SELECT coalesce(sum(count), 0) FROM upstreams_refusalhour",
            )
        ]
    return Recorded(by_process, *sums)


def compare(
    sent: Sent, lines: Iterable[Line], found: Recorded, killed: set[int]
) -> tuple[dict[str, Any], list[str]]:
    """Return the sums, and where they do not agree. `killed` lost what they had not written."""
    handled: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    decided: defaultdict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    for line in lines:
        if line.what == "handled":
            handled[line.key] += 1
            continue
        decided[line.pid][line.what, line.reason] += 1
        if line.what == "accepted":
            accepted[line.key] += 1
    lost = {pid: decided[pid] - found.by_process.get(pid, Counter()) for pid in decided}
    answers = Counter(sent.attempts.values())
    answered = {key for key, answer in sent.attempts.items() if answer == "200"}
    hostile: Counter[str] = Counter()
    for (_, answer), number in sent.hostile.items():
        hostile[answer] += number
    everything = sum((each for each in decided.values()), Counter[tuple[str, str]]())
    sums = {
        "valid_sent": len(sent.attempts),
        "valid_answered_200": len(answered),
        "valid_answers": dict(sorted(answers.items())),
        "valid_messages_undelivered": len(sent.undelivered),
        "handled": handled.total(),
        "handled_without_an_answer": len(handled.keys() - answered),
        "handled_and_killed_before_the_count": len(handled.keys() - accepted.keys()),
        "hostile_sent": hostile.total(),
        "hostile_answers": dict(sorted(hostile.items())),
        "decided": everything.total(),
        "recorded": found.counts,
        "lost_with_killed_processes": sum(each.total() for each in lost.values()),
        "processes": len(decided),
        "processes_killed": len(killed & decided.keys()),
    }
    return sums, [
        *_requests(sent, handled, accepted, answered),
        *_counts(decided, lost, found, killed),
    ]


def _requests(
    sent: Sent, handled: Counter[str], accepted: Counter[str], answered: set[str]
) -> Iterable[str]:
    yield from (f"message {each} was never handled" for each in sent.undelivered)
    yield from (f"{name}: {answer}" for name, answer in sent.unexpected)
    yield from (f"{key} was handled {times} times" for key, times in handled.items() if times > 1)
    yield from (f"{key} was answered and not handled" for key in answered - handled.keys())
    yield from (f"{key} was answered and not counted" for key in answered - accepted.keys())
    yield from (f"{key} was accepted and not handled" for key in accepted.keys() - handled.keys())
    for key in handled.keys() - answered:
        if not is_unanswered(sent.attempts[key]):
            yield f"{key} was handled and answered {sent.attempts[key]}"


def _counts(
    decided: Mapping[int, Counter[tuple[str, str]]],
    lost: Mapping[int, Counter[tuple[str, str]]],
    found: Recorded,
    killed: set[int],
) -> Iterable[str]:
    for pid, counter in lost.items():
        if counter and pid not in killed:
            yield f"process {pid} was not killed and lost {dict(counter)}"
    for pid, counter in found.by_process.items():
        if more := counter - decided.get(pid, Counter()):
            yield f"process {pid} recorded more than it decided: {dict(more)}"
    total = sum(each.total() for each in decided.values())
    missing = sum(each.total() for each in lost.values())
    if found.counts != total - missing:
        yield f"{found.counts} are recorded, {total} decided, {missing} lost"
    if found.counts != found.totals:
        yield f"the counts of minutes are {found.counts}, the totals {found.totals}"
    if found.refused != found.refusals:
        yield f"{found.refused} are refused by the minute, {found.refusals} by the hour"
