"""manage.py diagnose: show which settings do not agree, and how to fix them."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from diagnosis.checklist import diagnose
from diagnosis.findings import Finding
from identities.models import SignalRInstance

_MARKS = {"pass": "✓", "fail": "✗", "unknown": "?"}


class Command(BaseCommand):
    """Print the findings on an instance. Exit codes: 0 none failed, 1 error, 2 a check failed."""

    help = "Check all settings that have to agree for an instance's signed requests to be accepted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the instance and the options."""
        parser.add_argument("instance", help="the instance's name")
        parser.add_argument(
            "--probe",
            action="store_true",
            help="send each template's endpoint a request without a token, which it has to refuse",
        )
        parser.add_argument("--json", action="store_true", help="print a JSON list")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the findings."""
        instance = SignalRInstance.objects.named(options["instance"]).with_desired().first()
        if instance is None:
            raise CommandError(f"There is no instance {options['instance']!r}: import it first.")
        findings = diagnose(instance, probing=options["probe"])
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2))
        else:
            self.stdout.writelines(_line(finding) for finding in findings)
        if any(finding.outcome == "fail" for finding in findings):
            sys.exit(2)


def _line(finding: Finding) -> str:
    fix = f"\n  → {finding.fix}" if finding.fix else ""
    return f"{_MARKS[finding.outcome]} {finding.title}. {finding.evidence}{fix}\n"
