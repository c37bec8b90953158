"""The documents of other tools that `set_upstream` accepts."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from upstreams.url_templates.arm_json import normalise_template, template_list

TEMPLATE: dict[str, Any] = {
    "hubPattern": "chat",
    "urlTemplate": "https://a.example/",
    "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": "api://a"}},
}
PASCAL: dict[str, Any] = {
    "HubPattern": "chat",
    "UrlTemplate": "https://a.example/",
    "Auth": {"Type": "ManagedIdentity", "ManagedIdentity": {"Resource": "api://a"}},
}


@pytest.mark.parametrize(
    "document",
    [
        [TEMPLATE],
        {"templates": [TEMPLATE]},
        {"properties": {"upstream": {"templates": [TEMPLATE]}}},
        {"UpstreamSettings": {"Templates": [PASCAL]}},
        [PASCAL],
    ],
)
def test_accepts_documents_of_other_tools(document: object) -> None:
    assert [normalise_template(each) for each in template_list(document)] == [TEMPLATE]


@pytest.mark.parametrize("document", [{}, {"templates": {}}, "text", None, 7])
def test_refuses_other_documents(document: object) -> None:
    with pytest.raises(ValidationError, match="list of templates"):
        template_list(document)
