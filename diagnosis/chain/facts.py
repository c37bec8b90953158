"""The settings of each link of the chain, from what a diagnosis has read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from arm.instance_state import TemplateState
from diagnosis.chain.chain import Fact
from diagnosis.chain.links import Link
from diagnosis.checks.handlers import handlers_of
from diagnosis.context import Context
from diagnosis.probe.connection_errors import failure_of
from diagnosis.probe.stored_results import stored_result
from diagnosis.receiver_addresses import target_of
from diagnosis.sample_events import events_of
from upstreams.receiver.hubs.discovery import registry
from upstreams.token_requests.data_planes import data_planes_at
from upstreams.url_templates.hosts import host_of
from upstreams.url_templates.key_vault_references import readable_references
from upstreams.url_templates.pattern_descriptions import describe
from upstreams.url_templates.patterns import CONNECTED, CONNECTIONS, Event, expand
from upstreams.url_templates.redaction import redact

_IDENTITIES: Final = {"None": "None", "SystemAssigned": "System assigned"}
_CREDENTIALS: Final = {"access_key": "Access key", "entra": "Microsoft Entra"}
# Stands for any event where only the host and the instance of a URL are of interest.
_ANY: Final = Event("hub", CONNECTIONS, CONNECTED)

Facts = dict[Link, list[Fact]]


def facts_of(context: Context, index: int | None = None, event: Event | None = None) -> Facts:
    """Return the facts of each link: of all templates, or of one and the event that it matches."""
    templates = context.effective.templates
    if event is not None:
        templates = () if index is None else (templates[index],)
    return {
        Link.CLIENT: list(_client(context, event)),
        Link.SERVICE: list(_service(context)),
        Link.TEMPLATE: list(_templates(templates, index, event, context)),
        Link.KEY_VAULT: list(_secrets(templates)),
        Link.TOKEN: list(_tokens(templates, context)),
        Link.RECEIVER: [
            *_distinct("Endpoint", (_receiver(each, context) for each in templates)),
            *_deliveries(context, event),
            *_distinct("Probe", _probes(templates, context)),
        ],
        Link.HANDLER: list(_handlers(templates, context, event)),
        Link.SENDER: list(_sender(context)),
    }


def _sender(context: Context) -> Iterator[Fact]:
    if context.sender_credential is not None:
        yield Fact("Credential", _CREDENTIALS[context.sender_credential])
    elif context.sender_activity is not None:
        yield Fact("Credential", _CREDENTIALS["entra"])
    access = context.sender_access
    if access is not None and access.principal_id and context.sender_credential != "access_key":
        yield Fact("Principal", str(access.principal_id))
    if context.sender_activity is not None and context.sender_activity.sent_at is not None:
        yield Fact("Last sent", f"{context.sender_activity.sent_at:%Y-%m-%d %H:%M} UTC")


def _client(context: Context, event: Event | None) -> Iterator[Fact]:
    if event is None:
        yield Fact("Connects to", context.instance.host_name or str(context.instance))
    else:
        yield Fact("Hub", event.hub)
        yield Fact("Category", event.category)
        yield Fact("Event", event.event)


def _service(context: Context) -> Iterator[Fact]:
    identity = context.effective.identity
    user_assigned = (identity.user_assigned_id or "").rpartition("/")[2]
    yield Fact("Mode", context.instance.service_mode or "Not read")
    yield Fact("Identity", user_assigned or _IDENTITIES.get(identity.type, identity.type))


def _templates(
    templates: Sequence[TemplateState], index: int | None, event: Event | None, context: Context
) -> Iterator[Fact]:
    if event is not None and index is None:
        yield Fact("Matching", f"None of {len(context.effective.templates)}")
    elif index is not None:
        yield Fact("Template", str(index + 1))
    elif len(templates) != 1:
        yield Fact("Templates", str(len(templates) or "None"))
    for template in templates:
        yield Fact("Matches", describe(template))
        url = template.url_template
        yield Fact("URL", redact(expand(url, *event) if event else url))


def _secrets(templates: Iterable[TemplateState]) -> list[Fact]:
    return _distinct(
        "Secret",
        (
            f"{reference.vault}/{reference.secret}"
            for template in templates
            for reference in readable_references(template.url_template)
        ),
    )


def _tokens(templates: Sequence[TemplateState], context: Context) -> Iterator[Fact]:
    signed = [each for each in templates if each.auth_type == "ManagedIdentity"]
    if not signed:
        if templates:
            yield Fact("Token", "None")
        return
    yield from _distinct("Resource", (each.resource or "Not set" for each in signed))
    tokens = [context.expected_token(each.resource or "") for each in signed]
    yield from _distinct("Issuer", (each.issuer if each else "Unknown" for each in tokens))
    yield from _distinct(
        "Version", (f"v{each.version[:1]}" if each else "Unknown" for each in tokens)
    )


def _receiver(template: TemplateState, context: Context) -> str:
    """Return what receives the template's requests: a Function App, ours or another host."""
    app = context.function_app(template)
    if app is not None:
        return app.label
    if planes := data_planes_at(template.url_template):
        return " or ".join(plane.service for plane in planes)
    if target_of(expand(template.url_template, *_ANY)).is_ours:
        return "Signalman"
    return host_of(template.url_template) or "Unknown host"


def _deliveries(context: Context, event: Event | None) -> Iterator[Fact]:
    numbers = {
        "accepted": context.accepted,
        "refused": sum(context.refused.values()),
        "failed": sum(context.failed.values()),
    }
    found = [f"{number} {outcome}" for outcome, number in numbers.items() if number]
    if event is None and found:
        yield Fact("Last hour", ", ".join(found))


def _probes(templates: Iterable[TemplateState], context: Context) -> Iterator[str]:
    """Yield the last results of the endpoints' probes, with their age."""
    for template in templates:
        app = context.function_app(template)
        stored = stored_result(template, app, context.probes, context.now)
        if stored is not None:
            changed = "" if stored.is_current else ", settings changed since"
            result = stored.result
            shown = result.status or failure_of(result.error).label
            yield f"{shown}, {stored.age} ago{changed}"


def _handlers(
    templates: Sequence[TemplateState], context: Context, event: Event | None
) -> list[Fact]:
    if functions := _distinct("Function", _functions(templates, context, event)):
        return functions
    hubs, here = registry(), [each for each in templates if _is_here(each, context, event)]
    if templates and not here:
        return [Fact("Handlers", "Unknown")]
    if event is not None:
        handler = hubs.find(*event) if here else None
        return [Fact("Function", handler.name)] if handler else []
    names: dict[str, dict[str, None]] = {}
    for template in here:
        for handler in handlers_of(template, context.effective.templates, hubs):
            names.setdefault(handler.hub, {})[handler.event] = None
    return [Fact(f"Hub {hub}", ", ".join(events)) for hub, events in names.items()]


def _functions(
    templates: Iterable[TemplateState], context: Context, event: Event | None
) -> Iterator[str]:
    """Yield the names of the functions of imported apps that serve the templates' URLs."""
    for template in templates:
        app = context.function_app(template)
        if app is None:
            continue
        index = context.effective.templates.index(template)
        events = events_of(context.effective.templates, index) if event is None else [event]
        paths = {urlsplit(expand(template.url_template, *each)).path for each in events}
        for function in app.http_functions or ():
            if any(function.serves(path) for path in paths):
                yield function.name


def _is_here(template: TemplateState, context: Context, event: Event | None) -> bool:
    """Return whether the template's requests reach our receiver of this instance."""
    target = target_of(expand(template.url_template, *(event or _ANY)))
    return target.is_receiver_of(context.instance)


def _distinct(name: str, values: Iterable[str]) -> list[Fact]:
    return [Fact(name, value) for value in dict.fromkeys(values)]
