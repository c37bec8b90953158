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
from upstreams.models import RequestRequirements
from upstreams.receiver.authentication.url_secrets import digest, from_path, from_query, is_one_of

FIRST, SECOND, THIRD = "first-secret-of-many", "second-secret-of-many", "third-secret-of-many"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50))
def test_a_secret_is_found_however_it_is_escaped(secret: str) -> None:
    query = f"a=1&code={quote(secret, safe='')}&b"
    assert is_one_of(from_query(query, "code"), [digest("other"), digest(secret)])
    assert not is_one_of(from_query(query, "code"), [digest(secret + "x")])


def test_a_secret_that_the_service_does_not_escape_is_found() -> None:
    assert is_one_of(from_query("code=a+b/c==", "code"), [digest("a+b/c==")])


@pytest.mark.parametrize("query", ["", "code", "code=", "Code=x", "code=x&code=x", "x=code=x"])
def test_a_parameter_that_is_not_there_once_holds_nothing(query: str) -> None:
    assert from_query(query, "code") == frozenset()


def test_a_secret_may_be_a_segment_of_the_path() -> None:
    assert is_one_of(from_path(f"{FIRST}/chat/echo"), [digest(FIRST)])
    assert not is_one_of(from_path(f"{FIRST}x/chat"), [digest(FIRST)])


def test_no_digest_accepts_nothing() -> None:
    assert not is_one_of([""], [""])
    assert not is_one_of([FIRST], [])


def test_two_digests_of_one_secret_differ() -> None:
    assert digest(FIRST) != digest(FIRST)
    assert FIRST not in digest(FIRST)


def run(monkeypatch: pytest.MonkeyPatch, secret: str, *arguments: str) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(secret + "\n"))
    output = io.StringIO()
    call_command("set_url_secret", "CONTOSO-test", *arguments, stdout=output)
    return output.getvalue()


def accepted() -> set[str]:
    kept = RequestRequirements.objects.get().value.url_secrets
    return {secret for secret in (FIRST, SECOND, THIRD) if is_one_of([secret], kept)}


def test_the_command_accepts_the_newest_two(
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


def test_the_command_keeps_and_prints_no_secret(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = run(monkeypatch, FIRST, "--require", "--parameter", "key")
    assert FIRST not in printed + repr(RequestRequirements.objects.values())
    assert RequestRequirements.objects.get().value.parameter == "key"


def test_the_command_clears(instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, FIRST, "--require")
    assert "accepts no URL secret" in run(monkeypatch, "", "--clear")
    assert not RequestRequirements.objects.get().value


def test_the_command_refuses_a_secret_that_could_be_guessed(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="16 to 1024"):
        run(monkeypatch, "short")
    assert not RequestRequirements.objects.exists()


def test_the_database_refuses_to_demand_a_secret_that_is_not_set(
    instance: SignalRInstance,
) -> None:
    with pytest.raises(IntegrityError, match="required_url_secret_is_set"):
        RequestRequirements.objects.create(instance=instance, url_secret=True)
