"""The table of api-versions: each shows only its own properties."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.arm.versions import ApiVersions

VERSIONS = ApiVersions(
    ("2020-05-01", "2021-04-01-preview", "2022-02-01"),
    since={
        "systemData": "2021-04-01-preview",
        "properties.acl.rules": "2022-02-01",
        "properties.connections[].groups": "2022-02-01",
        "properties.flags[name=New]": "2022-02-01",
        "properties.acl.allow[=Trace]": "2022-02-01",
    },
    until={"properties.prefix": "2021-04-01-preview"},
)
DOCUMENT: dict[str, Any] = {
    "name": "one",
    "systemData": {"createdBy": "me"},
    "properties": {
        "acl": {"action": "Deny", "rules": [], "allow": ["REST", "Trace"]},
        "connections": [{"id": "a", "groups": ["g"]}, {"id": "b"}],
        "flags": [{"name": "Old"}, {"name": "New"}],
        "prefix": "one",
    },
}


def test_newest_version_shows_all_but_retired_properties() -> None:
    shown = VERSIONS.shown(DOCUMENT, "2022-02-01")
    assert shown == DOCUMENT | {
        "properties": {k: v for k, v in DOCUMENT["properties"].items() if k != "prefix"}
    }


def test_older_version_hides_later_properties() -> None:
    assert VERSIONS.shown(DOCUMENT, "2020-05-01") == {
        "name": "one",
        "properties": {
            "acl": {"action": "Deny", "allow": ["REST"]},
            "connections": [{"id": "a"}, {"id": "b"}],
            "flags": [{"name": "Old"}],
            "prefix": "one",
        },
    }


def test_showing_leaves_document_unchanged() -> None:
    VERSIONS.shown(DOCUMENT, "2020-05-01")
    assert DOCUMENT["systemData"] == {"createdBy": "me"}


@pytest.mark.parametrize(
    "document",
    [{}, {"properties": None}, {"properties": {"acl": None, "connections": None}}],
)
def test_accepts_missing_and_null_properties(document: dict[str, Any]) -> None:
    shown = VERSIONS.shown(document, "2020-05-01")
    assert shown.keys() == document.keys()


def test_lists_versions_in_order_of_publication() -> None:
    assert list(VERSIONS) == ["2020-05-01", "2021-04-01-preview", "2022-02-01"]
    assert "2019-01-01" not in VERSIONS


def test_refuses_malformed_path() -> None:
    with pytest.raises(ValueError, match="not a property path"):
        ApiVersions(["2020-05-01"], since={"properties.[x": "2020-05-01"})
