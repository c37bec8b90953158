"""Which vaults the URL templates of a state name."""

from __future__ import annotations

from collections.abc import Iterable

from arm.instance_state import TemplateState
from upstreams.url_templates.key_vault_references import OPENING, readable_references


def named_vaults(templates: Iterable[TemplateState]) -> list[str]:
    """Return the names of the vaults, in lower case, each once and sorted."""
    # Most URLs have no reference.
    urls = [each.url_template for each in templates if OPENING in each.url_template]
    return sorted({name for url in urls for name in vaults_of(url)})


def vaults_of(url_template: str) -> frozenset[str]:
    """Return the vaults that a URL template names; one that cannot be read names none.

    Whether references are well written is said elsewhere, and Azure may have any.
    """
    return frozenset(reference.vault for reference in readable_references(url_template))
