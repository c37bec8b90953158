"""A secret in the URL: what is kept of it, and where it is looked for."""

from __future__ import annotations

import io
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from identities.models import SignalRInstance
from tests.stdin import set_stdin
from upstreams.models import RequestRequirements
from upstreams.receiver.authentication.url_secrets import digest, from_path, from_query, is_one_of

FIRST, SECOND, THIRD = "first-secret-of-many", "second-secret-of-many", "third-secret-of-many"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50))
def test_finds_escaped_secret(secret: str) -> None:
    query = f"a=1&code={quote(secret, safe='')}&b"
    assert is_one_of(from_query(query, "code"), [digest("other"), digest(secret)])
    assert not is_one_of(from_query(query, "code"), [digest(secret + "x")])


def test_finds_unescaped_secret() -> None:
    assert is_one_of(from_query("code=a+b/c==", "code"), [digest("a+b/c==")])


@pytest.mark.parametrize("query", ["", "code", "code=", "Code=x", "code=x&code=x", "x=code=x"])
def test_refuses_repeated_or_missing_parameter(query: str) -> None:
    assert from_query(query, "code") == frozenset()


def test_finds_secret_in_path() -> None:
    assert is_one_of(from_path(f"{FIRST}/chat/echo"), [digest(FIRST)])
    assert not is_one_of(from_path(f"{FIRST}x/chat"), [digest(FIRST)])


def test_accepts_nothing_without_digests() -> None:
    assert not is_one_of([""], [""])
    assert not is_one_of([FIRST], [])


def test_digests_are_salted() -> None:
    assert digest(FIRST) != digest(FIRST)
    assert FIRST not in digest(FIRST)


def run(monkeypatch: pytest.MonkeyPatch, secret: str, *arguments: str) -> str:
    set_stdin(monkeypatch, f"{secret}\n")
    output = io.StringIO()
    call_command("set_url_secret", "CONTOSO-test", *arguments, stdout=output)
    return output.getvalue()


def accepted() -> set[str]:
    kept = RequestRequirements.objects.get().url_secrets.digests
    return {secret for secret in (FIRST, SECOND, THIRD) if is_one_of([secret], kept)}


def test_command_accepts_newest_two(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "not required yet" in run(monkeypatch, FIRST)
    assert "2 secrets" in run(monkeypatch, SECOND, "--require")
    assert accepted() == {FIRST, SECOND}
    run(monkeypatch, THIRD)
    assert accepted() == {SECOND, THIRD}
    run(monkeypatch, THIRD)
    assert accepted() == {SECOND, THIRD}
    run(monkeypatch, THIRD, "--only")
    assert accepted() == {THIRD}
    assert RequestRequirements.objects.get().url_secret


def test_command_neither_stores_nor_prints_secret(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = run(monkeypatch, FIRST, "--require", "--parameter", "key")
    assert FIRST not in printed + repr(RequestRequirements.objects.values())
    assert RequestRequirements.objects.get().url_secrets.parameter == "key"


def test_command_clears_secrets(instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, FIRST, "--require")
    assert "accepts no URL secret" in run(monkeypatch, "", "--clear")
    assert not RequestRequirements.objects.get().value


def test_command_refuses_short_secret(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="16 to 1024"):
        run(monkeypatch, "short")
    assert not RequestRequirements.objects.exists()


def test_constraint_refuses_requirement_without_secret(
    instance: SignalRInstance,
) -> None:
    with pytest.raises(IntegrityError, match="required_url_secret_is_set"):
        RequestRequirements.objects.create(instance=instance, url_secret=True)
