"""Every check belongs to exactly one link of the chain."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnosis.chain import links
from diagnosis.chain.links import Link, link_of
from diagnosis.findings import failed, passed, unknown
from tests.cloud import REPOSITORY

PACKAGE = REPOSITORY / "diagnosis"
RESULTS = {result.__name__ for result in (passed, failed, unknown)}


def keys() -> set[str]:
    """Return the keys of findings that the modules of the diagnosis write."""
    return {key for path in PACKAGE.rglob("*.py") for key in _keys_in(path)}


def _keys_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign):
            yield from _assigned(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            if node.func.id in RESULTS:
                yield from _text(node.args[0])
        elif isinstance(node, ast.JoinedStr):
            yield from (text for text in _text(node) if text.startswith("templates["))


def _assigned(node: ast.Assign) -> Iterator[str]:
    """Yield what is assigned to `key`, alone or with the title."""
    (target,) = node.targets
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = list(zip(target.elts, node.value.elts, strict=True))
    else:
        pairs = [(target, node.value)]
    for name, value in pairs:
        if isinstance(name, ast.Name) and name.id == "key":
            yield from _text(value)


def _text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values
        )


def test_every_key_belongs_to_a_link() -> None:
    found = keys()
    assert len(found) > 12
    assert {link_of(key) for key in found} >= {Link.SERVICE, Link.TEMPLATE, Link.RECEIVER}


def test_no_check_belongs_to_two_links() -> None:
    checks = Counter(check for of_link in links._CHECKS.values() for check in of_link)  # noqa: SLF001
    assert set(checks.values()) == {1}
    assert set(links._CHECKS) == set(Link)  # noqa: SLF001


def test_every_listed_check_exists() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    sources = sources.replace((PACKAGE / "chain" / "links.py").read_text(encoding="utf-8"), "")
    for checks in links._CHECKS.values():  # noqa: SLF001
        for check in checks:
            assert check.removesuffix(".*").rpartition(".")[2] in sources, check


def test_finding_without_link_is_refused() -> None:
    with pytest.raises(LookupError, match=r"Add the check templates\.new to a link"):
        passed("templates[3].new", "A new check", "It has no link.")


@pytest.mark.parametrize(
    ("key", "link"),
    [
        ("service_mode", Link.SERVICE),
        ("templates[0].key_vault", Link.TEMPLATE),
        ("templates[12].key_vault[vault-1/a.b].grant", Link.KEY_VAULT),
        ("templates[0].signed", Link.TOKEN),
        ("function_apps[contoso].issuer_differs", Link.RECEIVER),
        ("templates[0].handlers", Link.HANDLER),
        ("sender_role", Link.SENDER),
    ],
)
def test_key_leads_to_its_link(key: str, link: Link) -> None:
    assert link_of(key) is link
    assert unknown(key, "A check", "Not seen.").link is link
