"""Write `docs/how-to/troubleshooting.md` from the cases in `tests/cases/reports`.

Usage: `python -m scripts.troubleshooting_page > docs/how-to/troubleshooting.md`. A test compares
the two.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

REPORTS: Final = Path(__file__).resolve().parent.parent / "tests" / "cases" / "reports"
NOTHING_TO_DO: Final = "Nothing to do."

# Headings, by the start of a case's file name.
_SECTIONS: Final = {
    "mode": "Service mode",
    "identity": "Identity",
    "resource": "Resource of the token",
    "events": "Patterns and routing",
    "url": "URL and receiver",
    "webhook": "Webhook of a Function App",
    "function": "Functions and their keys",
    "app": "Authentication of a Function App",
    "reference": "Key Vault references",
    "network": "Network access",
    "sender": "Sending",
}
_ALIASES: Final = {
    "unsigned": "identity", "method": "events", "hub": "events", "unknown": "events",
    "placeholder": "events", "shadowed": "events", "local": "url", "token": "url",
    "receiver": "url", "no": "events",
}  # fmt: skip
_HEAD: Final = """\
# Troubleshoot by symptom

Run `manage.py diagnose NAME` first: it finds each of these causes. If you only know the symptom,
search this page for it. Each entry comes from a public report or from Azure's documentation.

To add an entry, add a file to `tests/cases/reports` and run
`python -m scripts.troubleshooting_page > docs/how-to/troubleshooting.md`. A test imports the
configuration of the file from Local Azure and verifies that the diagnosis finds the cause.
"""


def page() -> str:
    """Return the text of the page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    reports = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(REPORTS.glob("*"))}
    yield _HEAD
    for prefix, heading in _SECTIONS.items():
        yield f"## {heading}\n"
        for name, report in reports.items():
            if _section(name) == prefix and report["fix"] != NOTHING_TO_DO:
                yield from _entry(report)


def _section(name: str) -> str:
    first = name.split("-", maxsplit=1)[0]
    return _ALIASES.get(first, first)


def _entry(report: dict[str, Any]) -> Iterable[str]:
    sources = ", ".join(f"[{_label(url)}]({url})" for url in report["sources"])
    checks = ", ".join(f"`{key}`" for key in report["expect"])
    return (
        f"### {report['title']}\n",
        f"**Symptom.** {report['symptom'].strip()}\n",
        f"**Cause.** {report['cause'].strip()}\n",
        f"**Fix.** {report['fix'].strip()}\n",
        f"Checks: {checks}. Sources: {sources}.\n",
    )


def _label(url: str) -> str:
    if "github.com" in url:
        owner, repository, _, number = url.removeprefix("https://github.com/").split("/")
        return f"{owner}/{repository}#{number}"
    return url.removeprefix("https://").rstrip("/").rsplit("/", 1)[-1]


if __name__ == "__main__":
    sys.stdout.write(page() + "\n")
