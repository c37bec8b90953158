"""Replay a folder of recordings against Local Azure: `make conformance RECORDINGS=FOLDER`.

Prints the differences by kind and the totals. Exit status 1 where a difference is not on the list
(differences.toml), where an entry of the list no longer occurs, or where a request is refused.
"""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.cloud import LocalAzure
from tests.conformance.recordings.allowed import AllowList
from tests.conformance.recordings.exchanges import load
from tests.conformance.recordings.replay import Replay, Result, resource_of


@dataclass
class Report:
    """The result of all recordings: totals, and kinds of difference with their first place."""

    counts: collections.Counter[str] = field(default_factory=collections.Counter)
    unlisted: collections.Counter[str] = field(default_factory=collections.Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, recording: str, result: Result, allowed: AllowList) -> None:
        """Count the result of one request."""
        self.counts["in scope"] += 1
        self.counts["refused"] += result.is_refused
        if not result.differences:
            self.counts["alike"] += 1
        for difference in result.differences:
            if allowed.allows(recording, result.name, difference):
                self.counts["listed differences"] += 1
                continue
            kind = f"{result.name} | {difference}"
            self.unlisted[kind] += 1
            self.examples.setdefault(kind, f"{recording}#{result.number}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="make conformance", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the recordings are")
    parser.add_argument("--only", default="", help="only recordings whose path contains this")
    options = parser.parse_args(arguments)
    files = [
        file
        for file in sorted(options.folder.rglob("*"))
        if file.suffix in (".yaml", ".json") and options.only in str(file)
    ]
    if not files:
        sys.stderr.write(f"There are no recordings in {options.folder}.\n")
        return 1
    allowed, report = AllowList.read(), Report()
    with tempfile.TemporaryDirectory() as folder, LocalAzure(Path(folder)) as cloud:
        for file in files:
            replay(cloud, file, allowed, report)
    return conclude(report, allowed)


def replay(cloud: LocalAzure, file: Path, allowed: AllowList, report: Report) -> None:
    """Replay one recording into the report."""
    exchanges = load(file)
    if not any(resource_of(exchange) for exchange in exchanges):
        return
    name = f"{file.parent.name}/{file.stem}"
    allowed.see(name)
    report.counts["recordings"] += 1
    report.counts["out of scope"] += sum(not resource_of(exchange) for exchange in exchanges)
    for result in Replay(cloud, exchanges).run():
        report.add(name, result, allowed)


def conclude(report: Report, allowed: AllowList) -> int:
    """Print the report; return the exit status."""
    lines = [
        f"{times:4} | {kind} | e.g. {report.examples[kind]}"
        for kind, times in sorted(report.unlisted.items(), key=lambda item: (-item[1], item[0]))
    ]
    lines += [
        f"no longer occurs | {one.request} | {one.difference} | in {one.recording}"
        for one in allowed.unused()
    ]
    counts = report.counts
    share = 100 * counts["alike"] / max(counts["in scope"], 1)
    lines.append(
        f"{counts['recordings']} recordings, {counts['in scope']} requests in scope: "
        f"{counts['alike']} alike ({share:.1f} %), {counts['refused']} refused; "
        f"{counts['listed differences']} listed differences, "
        f"{sum(report.unlisted.values())} not listed; {counts['out of scope']} out of scope."
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if report.unlisted or allowed.unused() or counts["refused"] else 0


if __name__ == "__main__":
    sys.exit(main())
