"""The chain of an instance, and the chain of one event that is typed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.utils import timezone

from diagnosis.chain.chain import Chain, build_chain
from diagnosis.chain.facts import facts_of
from diagnosis.chain.links import Link
from diagnosis.checklist import findings_of
from diagnosis.checks.handlers import check_handlers
from diagnosis.checks.receiver import check_receiver
from diagnosis.checks.webhook_key import check_keys
from diagnosis.context import Context, read_context
from diagnosis.findings import Finding, failed, passed
from identities.models import SignalRInstance
from upstreams.url_templates.pattern_descriptions import describe, reasons_not_matched
from upstreams.url_templates.patterns import CONNECTED, CONNECTIONS, DISCONNECTED, Event, matches

_OF_TEMPLATE: Final = re.compile(r"templates\[(\d+)\]")
_OF_APP: Final = re.compile(r"function_apps\[([^\]]*)\]")
# Findings on all events of a template, and on all deliveries, that the event's own replace.
_REPLACED: Final = (".reachable", ".receiver", ".handlers", ".function", ".webhook_key")


def read_chain(
    instance: SignalRInstance,
    event: Event | None = None,
    *,
    now: datetime | None = None,
    probing: bool = False,
) -> Chain:
    """Return the chain of `instance`, or that of one event of it.

    Reads and sends what `diagnosis.checklist.diagnose` does.
    """
    context = read_context(instance, now or timezone.now())
    findings = findings_of(context, probing=probing)
    if event is None:
        return build_chain(findings, facts_of(context))
    index = _first_match(context, event)
    chosen = [each for each in findings if _concerns(each, index, context)]
    return build_chain(
        [*chosen, *_of_event(context, event, index)],
        facts_of(context, index, event),
        event,
        index,
    )


def _first_match(context: Context, event: Event) -> int | None:
    templates = enumerate(context.effective.templates)
    return next((index for index, each in templates if matches(each, *event)), None)


def _concerns(finding: Finding, index: int | None, context: Context) -> bool:
    """Return whether a finding on the instance is also one on the event."""
    if finding.link is Link.SERVICE:
        return True
    if index is None:
        return False
    if finding.link is Link.SENDER:
        return True
    if found := _OF_APP.match(finding.key):
        return found[1] == str(context.function_app(context.effective.templates[index]))
    found = _OF_TEMPLATE.match(finding.key)
    return bool(found and int(found[1]) == index and not finding.key.endswith(_REPLACED))


def _of_event(context: Context, event: Event, index: int | None) -> Iterator[Finding]:
    yield _matched(context, event, index)
    if index is None:
        return
    template = context.effective.templates[index]
    yield from check_keys(index, template, context, event)
    if context.function_app(template) is None:
        yield check_receiver(index, template, context, event)
        yield from check_handlers(index, template, context, event)


def _matched(context: Context, event: Event, index: int | None) -> Finding:
    key, title = "event.template", "A template matches the event"
    if event.category == CONNECTIONS and event.event not in {CONNECTED, DISCONNECTED}:
        return failed(
            key,
            title,
            "The service never sends this event. The category connections has only the events "
            "connected and disconnected.",
            "Use connected or disconnected, or the category messages.",
        )
    skipped = " ".join(
        f"Template {number + 1}: {' '.join(reasons_not_matched(each, event))}"
        for number, each in enumerate(context.effective.templates[:index])
    )
    if index is None:
        return failed(
            key,
            title,
            f"No template matches the event. Azure drops the event. {skipped}".strip(),
            "Add a template that matches the event, or extend the patterns of an existing one.",
        )
    what = describe(context.effective.templates[index])
    return passed(
        key, title, f"Template {index + 1} is the first that matches: {what}. {skipped}".strip()
    )
