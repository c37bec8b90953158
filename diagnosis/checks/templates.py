"""Can every template be reached, is it signed for a resource that works, and who receives it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arm.state import TemplateState
from diagnosis.checks.key_vault import check_references
from diagnosis.checks.receiver import check_receiver
from diagnosis.context import Subject
from diagnosis.findings import Finding, failed, passed
from upstreams import token_resources
from upstreams.redaction import keys_in_clear
from upstreams.template_warnings import Advice, advise

_ROUTING: Final = frozenset({"shadowed", "category_unknown", "event_never_sent"})


def check_templates(subject: Subject) -> Iterator[Finding]:
    """Check the templates as a whole, then each by itself."""
    templates = subject.effective.templates
    if not templates:
        yield failed(
            "templates_present",
            "The instance has upstream templates",
            "It has none: Azure drops every event.",
            "Add a template that points at your receiver.",
        )
        return
    advice = advise(templates)
    yield from _routing(templates, advice)
    for index, template in enumerate(templates):
        yield _auth(index, template)
        yield from _encrypted(index, advice)
        yield from _keys(index, template)
        yield from check_references(index, template, subject)
        # A Function App that is known has lines of its own.
        if subject.function_app(template) is None:
            yield check_receiver(index, template, subject)


def _routing(templates: tuple[TemplateState, ...], advice: list[Advice]) -> Iterator[Finding]:
    found = [one for one in advice if one.code in _ROUTING]
    title = "Every template can be reached"
    if not found:
        yield passed("templates_reachable", title, f"All {len(templates)} take some event.")
    for one in found:
        yield failed(
            f"templates[{one.index}].reachable",
            title,
            f"Template {one.index}: {one.sentence}",
            "Move it up, narrow the templates before it, or remove it.",
        )


def _auth(index: int, template: TemplateState) -> Finding:
    key, title = f"templates[{index}].signed", f"Template {index} is signed for a resource"
    if template.auth_type != "ManagedIdentity":
        return failed(
            key,
            title,
            "Its requests carry no token, so that no receiver can tell who sent them.",
            "Choose managed identity as its authentication, and name a resource.",
        )
    if (reason := token_resources.problem(template.resource or "")) is not None:
        return failed(key, title, reason, "Choose an application of your own as the resource.")
    return passed(key, title, f"It asks for a token for {template.resource}.")


def _encrypted(index: int, advice: list[Advice]) -> Iterator[Finding]:
    """Say where whoever is on the way can read the token, and use it until it expires."""
    for one in advice:
        if one.index == index and one.code == "token_in_clear":
            yield failed(
                f"templates[{index}].encrypted",
                f"Template {index}'s token travels encrypted",
                one.sentence,
                "Let the address begin with https.",
            )


def _keys(index: int, template: TemplateState) -> Iterator[Finding]:
    """Say where a key stands in clear, to whoever may read the instance in Azure."""
    if names := keys_in_clear(template.url_template):
        yield failed(
            f"templates[{index}].keys",
            f"Template {index} holds no key in clear",
            f"Its address holds one in {', '.join(names)}: whoever may read the instance in Azure "
            "has it too.",
            "Keep it as a secret in a vault, and write in its place "
            "{@Microsoft.KeyVault(SecretUri=https://<vault>.vault.azure.net/secrets/<name>)}. "
            "Then renew it: it has been read.",
        )
