"""manage.py diagnose: show which settings do not agree, and how to fix them."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from textwrap import indent
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from diagnosis.chain.chain import ChainLink, chain_document
from diagnosis.chain.instance_chain import read_chain
from diagnosis.chain.worst_links import diagnose_and_store
from diagnosis.findings import Finding
from identities.models import SignalRInstance
from sync.management.terminal import printable
from upstreams.url_templates.patterns import CONNECTIONS, MESSAGES, Event
from upstreams.url_templates.redaction import redacted

_MARKS = {"pass": "✓", "fail": "✗", "unknown": "?", "not_checked": "·"}


class Command(BaseCommand):
    """Print the findings on an instance. Exit codes: 0 none failed, 1 error, 2 a check failed."""

    help = (
        "Check every setting on which the delivery of an instance's upstream requests depends. "
        "Exit codes: 0 no check failed, 1 error, 2 a check failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the instance and the options."""
        parser.add_argument("instance", metavar="NAME", help="name of the instance")
        parser.add_argument(
            "--probe",
            action="store_true",
            help="send a request without a token to the URL of each template; the endpoint must "
            "refuse it",
        )
        parser.add_argument(
            "--chain",
            action="store_true",
            help="print the links of the chain from a client's event to its handler",
        )
        parser.add_argument(
            "--event",
            nargs=3,
            metavar=("HUB", "CATEGORY", "EVENT"),
            help="print the chain of one event, for example: chat messages say",
        )
        parser.add_argument(
            "--json",
            action="store_true",
            help="print one JSON document: the list of checks, or the chain",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the findings."""
        instance = SignalRInstance.objects.named(options["instance"]).with_desired().first()
        if instance is None:
            raise CommandError(
                f"Unknown instance {options['instance']!r}. Run `manage.py import_instances` first."
            )
        event = Event(*options["event"]) if options["event"] else None
        if event is not None and event.category not in {CONNECTIONS, MESSAGES}:
            raise CommandError(f"The category must be {CONNECTIONS} or {MESSAGES}.")
        findings: Sequence[Finding]
        document: Any
        if options["chain"] or event is not None:
            chain = read_chain(instance, event, probing=options["probe"])
            findings, document = chain.findings, chain_document(chain)
            lines = [line for link in chain.links for line in _link_lines(link)]
        else:
            findings = diagnose_and_store(instance, probing=options["probe"])
            document = [asdict(finding) for finding in findings]
            lines = [_line(finding) for finding in findings]
        if options["json"]:
            self.stdout.write(json.dumps(redacted(document), indent=2))
        else:
            self.stdout.writelines(map(printable, lines))
        if any(finding.outcome == "fail" for finding in findings):
            sys.exit(2)


def _line(finding: Finding) -> str:
    fix = f"\n  → {finding.fix}" if finding.fix else ""
    return f"{_MARKS[finding.outcome]} {finding.title}. {finding.evidence}{fix}\n"


def _link_lines(link: ChainLink) -> Iterator[str]:
    facts = ", ".join(f"{fact.name.lower()} {fact.value}" for fact in link.facts)
    yield f"{_MARKS[link.outcome]} {link.link.label}{f': {facts}' if facts else ''}\n"
    for finding in link.open_findings:
        yield indent(_line(finding), "    ")
