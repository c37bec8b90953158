"""The generated reference pages are those of the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from diagnosis.reason_codes import RECEIVER_REASONS
from scripts.reference.pages import FOLDER, PAGES
from tests.cloud import REPOSITORY
from upstreams.receiver.protocol import refusals


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_is_current(name: str) -> None:
    committed = (FOLDER / name).read_text(encoding="utf-8")
    assert committed == PAGES[name](), "Run `make reference`."


def test_every_setting_has_a_heading() -> None:
    example = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    names = {line.lstrip("# ").partition("=")[0] for line in example.splitlines() if "=" in line}
    text = PAGES["settings.md"]()
    assert {name for name in names if name.isupper() and f"### {name}\n" not in text} == set()


def refusal_codes() -> Iterator[str]:
    """Yield the codes with which the receiver's code raises refusals."""
    kinds = {name for name in vars(refusals) if isinstance(getattr(refusals, name), type)}
    for path in (REPOSITORY / "upstreams" / "receiver").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                code = node.args[0]
                if node.func.id in kinds and isinstance(code, ast.Constant) and len(node.args) > 1:
                    yield str(code.value)


def test_every_refusal_is_explained() -> None:
    found = set(refusal_codes())
    assert len(found) > 15
    assert found - RECEIVER_REASONS.keys() == set()
