"""Which vaults the URL templates of a state name."""

from __future__ import annotations

from collections.abc import Iterable

from arm.instance_state import TemplateState
from upstreams.url_templates.key_vault_references import readable_references


def named_vaults(templates: Iterable[TemplateState]) -> list[str]:
    """Return the names of the vaults, in lower case, each once and sorted."""
    return sorted({name for template in templates for name in vaults_of(template.url_template)})


def vaults_of(url_template: str) -> frozenset[str]:
    """Return the vaults that a URL template names; one that cannot be read names none.

    Whether references are well written is said elsewhere, and Azure may have any.
    """
    return frozenset(reference.vault for reference in readable_references(url_template))
