"""What a list of upstream templates means: each template in words, and the route of an event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from arm.instance_state import TemplateState
from portal.instance.upstream.forms import TemplateForm
from upstreams.url_templates.key_vault_references import (
    KeyVaultReference,
    ReferenceProblem,
    readable_references,
    split,
)
from upstreams.url_templates.pattern_descriptions import describe, reasons_not_matched
from upstreams.url_templates.patterns import (
    CONNECTED,
    CONNECTIONS,
    DISCONNECTED,
    Event,
    earlier_matches,
    expand,
    matches,
    unreachable,
)
from upstreams.url_templates.redaction import plain_text_keys, redact
from upstreams.url_templates.warnings import template_warnings

# The errors of the form that say the same as a warning, by the code of the warning.
_ERRORS: Final = {"pattern_not_supported": "pattern_wildcard", "resource_withdrawn": "resource"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A template in words. `number` counts from 1.

    `problems` prevent saving, `advice` does not. `shadowed_by` holds the numbers of the earlier
    templates that match every event that this one would match.
    """

    number: int
    summary: str
    problems: tuple[str, ...]
    advice: tuple[str, ...]
    is_shadowed: bool
    shadowed_by: tuple[int, ...]
    references: tuple[KeyVaultReference, ...]


def explain_forms(forms: Sequence[TemplateForm]) -> list[Explanation]:
    """Return an explanation of each template, with the errors of its form."""
    templates = [form.state for form in forms]
    without_events = set(unreachable(templates))
    return [
        Explanation(
            number=index + 1,
            summary=describe(template),
            problems=tuple(_problems(form)),
            advice=tuple(_advice(templates, index, form)),
            is_shadowed=index in without_events,
            shadowed_by=tuple(each + 1 for each in earlier_matches(templates, index)),
            references=readable_references(template.url_template),
        )
        for index, (template, form) in enumerate(zip(templates, forms, strict=True))
    ]


def _problems(form: TemplateForm) -> Iterator[str]:
    for name, errors in form.errors.items():
        label = f"{form.fields[name].label}: " if name in form.fields else ""
        yield from (f"{label}{error}" for error in errors)


def _advice(templates: Sequence[TemplateState], index: int, form: TemplateForm) -> Iterator[str]:
    """Yield the advice for one template, without what its errors or the page already say."""
    errors = {each.code for field in form.errors.as_data().values() for each in field}
    said = {"shadowed", *(code for code, error in _ERRORS.items() if error in errors)}
    for advice in template_warnings(templates):
        if advice.index == index and advice.code not in said:
            yield advice.message
    if names := plain_text_keys(templates[index].url_template):
        yield (
            f"The URL contains a key in plain text ({', '.join(names)}). Store the key in Key "
            "Vault and use a Key Vault reference."
        )


@dataclass(frozen=True, slots=True)
class SkippedTemplate:
    """A template that does not match an event, and why."""

    number: int
    summary: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """The template that an event matches, and the URL that it is sent to.

    `number` is that of the matching template, or None where the service drops the event. `url` is
    split at Key Vault references; `audience` is that of the token, or None. `note` warns of an
    event that the service never sends.
    """

    event: Event
    skipped: tuple[SkippedTemplate, ...]
    number: int | None = None
    summary: str = ""
    url: tuple[str | KeyVaultReference, ...] = ()
    audience: str | None = None
    is_signed: bool = False
    note: str = ""


def route(templates: Sequence[TemplateState], event: Event) -> Route:
    """Return where the service sends `event` with these templates."""
    skipped: list[SkippedTemplate] = []
    for number, template in enumerate(templates, 1):
        if matches(template, *event):
            return Route(
                event,
                tuple(skipped),
                number=number,
                summary=describe(template),
                url=_url_parts(expand(template.url_template, *event)),
                audience=template.resource,
                is_signed=template.auth_type == "ManagedIdentity",
                note=_note(event),
            )
        reasons = tuple(reasons_not_matched(template, event))
        skipped.append(SkippedTemplate(number, describe(template), reasons))
    return Route(event, tuple(skipped), note=_note(event))


def _url_parts(url: str) -> tuple[str | KeyVaultReference, ...]:
    hidden = redact(url)
    try:
        return tuple(split(hidden))
    except ReferenceProblem:
        return (hidden,)


def _note(event: Event) -> str:
    if event.category == CONNECTIONS and event.event not in {CONNECTED, DISCONNECTED}:
        return (
            "The service never sends this event: the events of the category connections are "
            "connected and disconnected."
        )
    return ""
