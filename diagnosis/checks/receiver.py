"""Does what answers at a template's address accept the tokens that it is sent?

Of Signalman's own receiver, what it would demand is compared, event by event.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, cast

from arm.state import TemplateState
from diagnosis.context import Subject
from diagnosis.findings import Finding, failed, passed, unknown
from diagnosis.receiver_addresses import Target, target_of
from diagnosis.sample_events import events_of
from diagnosis.token_audience import are_v2, audience_of, client_id_in
from upstreams import token_resources
from upstreams.data_planes import DataPlane, data_planes_at
from upstreams.function_app_requirements import tenant_of
from upstreams.patterns import Event, expand
from upstreams.receiver.protocol.requests import Category, Route
from validation.configuration import configuration
from validation.policy import V1_ISSUER


class Disagreement(NamedTuple):
    """Why the receiver refuses a template's requests, and what to do."""

    evidence: str
    fix: str


def check_receiver(index: int, template: TemplateState, subject: Subject) -> Finding:
    """Compare what a template's tokens are for with what its receiver accepts."""
    key, title = f"templates[{index}].receiver", f"Template {index} reaches a receiver that agrees"
    if planes := data_planes_at(template.url_template):
        return _data_plane(key, title, template, planes)
    targets = {
        event: target_of(expand(template.url_template, *event))
        for event in events_of(subject.effective.templates, index)
    }
    if not targets:
        return unknown(key, title, "No event reaches it.", "Mend its patterns first.")
    if why := _why_elsewhere(targets.values()):
        return unknown(
            key,
            title,
            f"{why}, so what is accepted there is not known.",
            _instructions(template, subject),
        )
    for event, target in targets.items():
        found = _of_address(template, target, subject) or _of_token(template, event, subject)
        if found is not None:
            return failed(key, title, *found)
    audience = audience_of(template.resource or "")
    return passed(key, title, f"Its tokens are for {audience}, and the receiver accepts that.")


def _why_elsewhere(targets: Collection[Target]) -> str:
    """Say why it is not Signalman's receiver that answers; nothing where it is."""
    if not all(target.is_ours for target in targets):
        return "It is not this portal's address"
    if not all(target.instance for target in targets):
        return "Its path is not the receiver's"
    return ""


def _instructions(template: TemplateState, subject: Subject) -> str:
    """Return what whoever receives it has to demand, which is not to be seen from here."""
    issuer = configuration().issuer.replace("{tenant_id}", str(tenant_of(subject.instance)))
    audience = audience_of(template.resource or "") or "the application's client ID"
    principal = subject.instance.identity.principal_id or "of the instance's identity"
    return (
        f"Check the code there: it has to demand the issuer {issuer}, the audience {audience} and "
        f"the principal {principal}. A Function App is checked once it is imported: manage.py "
        "import_instances. If it is to be this portal's receiver, let the address end in "
        f"/upstream/{subject.instance}/, and name its host in SIGNALMAN_ALLOWED_HOSTS."
    )


def _of_address(template: TemplateState, target: Target, subject: Subject) -> Disagreement | None:
    fix = f"Let the address end in /upstream/{subject.instance}/."
    if target.instance == subject.instance.name.lower():
        if target.has_slash:
            return None
        return Disagreement("Its address lacks the slash that the receiver's ends in.", fix)
    written = target_of(template.url_template).instance
    if "{" in written:
        return Disagreement(
            f"Its address has {written} in the place of the instance's name, so that requests go "
            "to instances that are called like that, and are refused.",
            fix,
        )
    return Disagreement(
        f"Its address is the receiver of {target.instance}, which refuses this instance's tokens.",
        fix,
    )


def _of_token(template: TemplateState, event: Event, subject: Subject) -> Disagreement | None:
    resource = template.resource or ""
    if template.auth_type != "ManagedIdentity":
        return Disagreement(
            "Its requests carry no token, and the receiver refuses those.",
            "Choose managed identity as its authentication, and name a resource.",
        )
    if reason := token_resources.problem(resource):
        return Disagreement(reason, "Choose an application of your own as the resource.")
    if are_v2() and client_id_in(resource) != resource.lower():
        return _never_in_v2(resource)
    audience = audience_of(resource)
    category = cast("Category", event.category)
    accepted = subject.policy.audiences(Route(event.hub, category, event.event, ""))
    if audience in accepted:
        return None
    return Disagreement(
        f"Its tokens are for {audience}, and the receiver accepts {' or '.join(sorted(accepted))}.",
        f"Let it ask for {audience}.",
    )


def _never_in_v2(resource: str) -> Disagreement:
    client_id = client_id_in(resource)
    wanted = client_id or "the application's client ID, which manage.py applications lists,"
    return Disagreement(
        "SIGNALMAN_TOKEN_ISSUER demands v2 tokens, and their audience is always the "
        f"application's client ID and never {resource}: the receiver refuses each.",
        f"Ask for {wanted} as the resource. Or keep the v1 issuer, {V1_ISSUER}, and let the "
        "application's registration issue v1 tokens.",
    )


def _data_plane(
    key: str, title: str, template: TemplateState, planes: tuple[DataPlane, ...]
) -> Finding:
    """Compare the resource with what Azure's own services at that address require."""
    asked = (template.resource or "").rstrip("/")
    for plane in planes:
        if plane.resource.rstrip("/") == asked:
            return passed(key, title, f"{plane.service} requires the resource {plane.resource}.")
    required = " or ".join(f"{plane.resource} for {plane.service}" for plane in planes)
    return failed(
        key,
        title,
        f"Its address is Azure's own, and does not accept tokens for {asked or 'no resource'}.",
        f"Let it ask for {required}; see {planes[0].source}.",
    )
