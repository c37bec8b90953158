"""Whether the service can connect to each Function App that a template points at.

This comes before the app's authentication: a stopped app, its network and a client certificate
refuse requests whatever token they carry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from arm.function_apps.access_restrictions import evaluate
from arm.function_apps.site_access import SiteAccess
from arm.instance_state import TemplateState
from arm.resources import SharedPrivateLink
from diagnosis.checks.az_commands import az
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown
from diagnosis.sample_events import events_of
from upstreams.models import FunctionApp
from upstreams.url_templates.patterns import expand

_TAG: Final = "the service tag AzureSignalR"
_ALLOWING: Final = "--action Allow --priority <number> --service-tag AzureSignalR"
_SLOTS: Final = "/slots/"


def check_site_access(context: Context) -> Iterator[Finding]:
    """Check each imported Function App that a template points at, whether signed or not."""
    apps = {
        app.pk: app
        for template in context.effective.templates
        if (app := context.function_app(template)) is not None
    }
    for app in apps.values():
        yield from _check(context, app)


def _check(context: Context, app: FunctionApp) -> Iterator[Finding]:
    access = app.site_access
    if access is None:
        yield unknown(
            _key(app, "reachable"),
            _title(app),
            app.access_problem or "The network settings of the app have not been read.",
            f"Refresh from Azure: manage.py function_apps {app} --refresh",
        )
        return
    found = [
        *_status(app, access),
        *_network(context, app, access),
        *_requests(context, app, access),
    ]
    yield from found
    if not found:
        way = (
            "through the instance's shared private endpoint"
            if _ready_link(context, app)
            else "over the public network"
        )
        yield passed(
            _key(app, "reachable"),
            _title(app),
            f"As of {app.access_observed_at:%Y-%m-%d %H:%M} UTC, the app is running, accepts "
            f"connections from the service {way}, and requires no client certificate.",
        )


def _status(app: FunctionApp, access: SiteAccess) -> Iterator[Finding]:
    if access.status == "stopped":
        yield failed(
            _key(app, "stopped"),
            _title(app),
            "The app is stopped and refuses every request with 403.",
            f"Start the app: {az(app, 'start')}. {_refresh(app)}",
        )
    elif access.status == "quota_exceeded":
        yield failed(
            _key(app, "stopped"),
            _title(app),
            "The app exceeded a quota of its plan and refuses every request with 403.",
            f"Change the plan of the app, or raise the quota. {_refresh(app)}",
        )


def _network(context: Context, app: FunctionApp, access: SiteAccess) -> Iterator[Finding]:
    if _ready_link(context, app):
        return
    if not access.is_public:
        yield _private(context, app)
        return
    verdict = evaluate(access.rules, is_open=access.is_open_by_default)
    key, rule = _key(app, "restricted"), f"The rule {verdict.rule}" if verdict.rule else "No rule"
    if verdict.is_allowed == "no":
        said = (
            "denies the service"
            if verdict.rule
            else "allows the service, and unmatched requests are denied"
        )
        yield failed(
            key,
            _title(app),
            f"The app's access restrictions refuse the service with 403. {rule} {said}. The "
            f"service sends from the addresses of {_TAG}.",
            f"Add a rule with a higher priority that allows {_TAG}: "
            f"{az(app, 'config access-restriction add', _ALLOWING)}. Or "
            f"use a shared private endpoint of the instance. {_refresh(app)}",
        )
    elif verdict.is_allowed == "maybe":
        yield unknown(
            key,
            _title(app),
            f"{rule} of the app's access restrictions may match the service. The service sends "
            f"from the addresses of {_TAG}, which Signalman does not know.",
            f"Compare the rule with the ranges of {_TAG}, or add a rule with that tag.",
        )


def _private(context: Context, app: FunctionApp) -> Finding:
    key = _key(app, "private")
    evidence = "It accepts connections through private endpoints only"
    if context.private_links is None:
        return unknown(
            key,
            _title(app),
            f"{evidence}. The instance's shared private endpoints have not been read.",
            f"Refresh the instance: manage.py drift {context.instance}",
        )
    if link := _link(context, app):
        return failed(
            key,
            _title(app),
            f"{evidence}, and the instance's shared private endpoint to the app is "
            f"{link.status or 'not ready'}.",
            "Approve the connection in the app's private endpoint connections. The approval can "
            "take some minutes to take effect.",
        )
    return failed(
        key,
        _title(app),
        f"{evidence}, and the instance has no shared private endpoint to the app.",
        "Add a shared private endpoint to the instance in the Azure portal (Networking, Private "
        "access), and approve it in the app; instances with the Free SKU cannot have one. Or allow "
        f"public network access and restrict it to {_TAG}.",
    )


def _requests(context: Context, app: FunctionApp, access: SiteAccess) -> Iterator[Finding]:
    """Report what the app requires of a request's connection, by the URLs of the templates."""
    urls = [url for template in _templates(context, app) for url in _urls(context, template)]
    if access.is_https_only and any(url.startswith("http:") for url in urls):
        yield failed(
            _key(app, "https_only"),
            _title(app),
            "The app redirects http to https. The request that follows a redirect carries neither "
            "the token nor the event.",
            "Use an https URL in the template.",
        )
    if not access.requires_certificate:
        return
    excluded = tuple(path.lower() for path in access.certificate_exclusions)
    for path in dict.fromkeys(urlsplit(url).path or "/" for url in urls):
        if not path.lower().startswith(excluded):
            yield failed(
                _key(app, "certificate_required"),
                _title(app),
                f"The app requires a client certificate at {path} and returns 403 without one. "
                "Azure SignalR Service presents none.",
                f"Set the app's client certificate mode to Optional, or add {path} to "
                f"clientCertExclusionPaths. {_refresh(app)}",
            )
            return


def _templates(context: Context, app: FunctionApp) -> list[tuple[int, TemplateState]]:
    return [
        (index, template)
        for index, template in enumerate(context.effective.templates)
        if context.function_app(template) == app
    ]


def _urls(context: Context, template: tuple[int, TemplateState]) -> list[str]:
    index, state = template
    events = events_of(context.effective.templates, index)
    return [expand(state.url_template, *event) for event in events]


def _ready_link(context: Context, app: FunctionApp) -> bool:
    link = _link(context, app)
    return link is not None and link.is_ready


def _link(context: Context, app: FunctionApp) -> SharedPrivateLink | None:
    """Return the instance's link to an app. That to a slot has the slot in its group."""
    site, _, slot = app.arm_id.lower().partition(_SLOTS)
    return context.private_link(site, (f"sites-{slot}",) if slot else ("sites", ""))


def _title(app: FunctionApp) -> str:
    return f"The service can connect to the {app.label}"


def _key(app: FunctionApp, code: str) -> str:
    return f"function_apps[{app}].{code}"


def _refresh(app: FunctionApp) -> str:
    return f"Then refresh from Azure: manage.py function_apps {app} --refresh"
