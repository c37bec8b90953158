"""What a list of templates means: each in words, and where an event goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from arm.state import TemplateState
from portal.instance.upstream.forms import TemplateForm
from upstreams.key_vault_references import (
    KeyVaultReference,
    ReferenceProblem,
    readable_references,
    split,
)
from upstreams.pattern_descriptions import explain, mismatches
from upstreams.patterns import (
    CONNECTED,
    CONNECTIONS,
    DISCONNECTED,
    Event,
    expand,
    matches,
    shadowed,
    takers,
)
from upstreams.redaction import keys_in_clear, redact
from upstreams.template_warnings import advise


@dataclass(frozen=True, slots=True)
class Reading:
    """What one template means. `number` counts from 1, as pages do.

    `problems` keep the list from being saved, `advice` does not. `takers` are the numbers of the
    templates that leave nothing to one that is shadowed.
    """

    number: int
    words: str
    problems: tuple[str, ...]
    advice: tuple[str, ...]
    is_shadowed: bool
    takers: tuple[int, ...]
    references: tuple[KeyVaultReference, ...]

    @property
    def up(self) -> str:
        """The id of the button that moves it up."""
        return f"up-{self.number - 1}"

    @property
    def down(self) -> str:
        """The id of the button that moves it down."""
        return f"down-{self.number - 1}"


def read(templates: Sequence[TemplateState], forms: Sequence[TemplateForm]) -> list[Reading]:
    """Return what each template means, and what its form says against it."""
    out_of_reach = set(shadowed(templates))
    advice = [one for one in advise(templates) if one.code != "shadowed"]
    readings = []
    for index, (template, form) in enumerate(zip(templates, forms, strict=True)):
        problems = tuple(_problems(form))
        readings.append(
            Reading(
                number=index + 1,
                words=explain(template),
                problems=problems,
                advice=(
                    *(
                        one.sentence
                        for one in advice
                        if one.index == index and not _is_said(one.sentence, problems)
                    ),
                    *_in_clear(template),
                ),
                is_shadowed=index in out_of_reach,
                takers=tuple(each + 1 for each in takers(templates, index)),
                references=readable_references(template.url_template),
            )
        )
    return readings


def _problems(form: TemplateForm) -> Iterator[str]:
    for name, found in form.errors.items():
        label = f"{form.fields[name].label}: " if name in form.fields else ""
        yield from (f"{label}{each}" for each in found)


def _in_clear(template: TemplateState) -> Iterator[str]:
    if names := keys_in_clear(template.url_template):
        yield (
            f"It holds a key in clear, in {', '.join(names)}: keep it in a vault, and name it here "
            "by a reference."
        )


def _is_said(sentence: str, problems: Iterable[str]) -> bool:
    return any(each.endswith(sentence) for each in problems)


@dataclass(frozen=True, slots=True)
class Passed:
    """A template that an event goes past, and why."""

    number: int
    words: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """Where an event goes.

    `winner` is the number of the template that takes it, or None: Azure drops it. `url` is the
    address in pieces, its references apart; `audience` what the token is for, or None for none.
    `note` says that the service never sends such an event.
    """

    event: Event
    passed: tuple[Passed, ...]
    winner: int | None = None
    words: str = ""
    url: tuple[str | KeyVaultReference, ...] = ()
    audience: str | None = None
    is_signed: bool = False
    note: str = ""


def route(templates: Sequence[TemplateState], event: Event) -> Route:
    """Return where the service sends `event` by these templates."""
    passed: list[Passed] = []
    for number, template in enumerate(templates, 1):
        if matches(template, *event):
            return Route(
                event,
                tuple(passed),
                winner=number,
                words=explain(template),
                url=_pieces(expand(template.url_template, *event)),
                audience=template.resource,
                is_signed=template.auth_type == "ManagedIdentity",
                note=_note(event),
            )
        passed.append(Passed(number, explain(template), tuple(mismatches(template, event))))
    return Route(event, tuple(passed), note=_note(event))


def _pieces(url: str) -> tuple[str | KeyVaultReference, ...]:
    hidden = redact(url)
    try:
        return tuple(split(hidden))
    except ReferenceProblem:
        return (hidden,)


def _note(event: Event) -> str:
    if event.category == CONNECTIONS and event.event not in {CONNECTED, DISCONNECTED}:
        return "The service never sends this: connections are connected and disconnected."
    return ""
