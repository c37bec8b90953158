"""JSON documents that are printed item by item."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management.base import OutputWrapper

from sync.management.base import JsonLists

DOCUMENTS: list[dict[str, list[Any]]] = [
    {"plans": [], "errors": []},
    {"plans": [{"a": 1, "b": [1, {"c": None}]}], "errors": []},
    {"plans": [{}, [], "line\nbreak"], "errors": ["one", "two"]},
    {"plans": [], "errors": ["one"]},
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_document_is_the_same_as_in_one_piece(document: dict[str, list[Any]]) -> None:
    out = StringIO()
    lists = JsonLists(OutputWrapper(out), list(document))
    for name, items in document.items():
        for item in items:
            lists.add(name, item)
    lists.close()
    assert out.getvalue() == json.dumps(document, indent=2) + "\n"


def test_each_item_is_printed_at_once() -> None:
    out = StringIO()
    lists = JsonLists(OutputWrapper(out), ["plans"])
    lists.add("plans", {"instance": "first"})
    assert '"first"' in out.getvalue()


def test_keys_in_urls_are_redacted() -> None:
    out = StringIO()
    JsonLists(OutputWrapper(out), ["plans"]).add("plans", "https://a.example/?code=abcdef")
    assert "abcdef" not in out.getvalue()


def test_document_that_was_not_ended_is_no_json() -> None:
    out = StringIO()
    JsonLists(OutputWrapper(out), ["plans"]).add("plans", 1)
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(out.getvalue())
