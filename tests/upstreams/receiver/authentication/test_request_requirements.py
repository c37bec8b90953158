"""What is checked beside the token: the path, a secret in the URL, X-ASRS-Signature."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from arm.instance_state import InstanceState, TemplateState
from identities.models import SignalRInstance
from localazure import seed
from tests.upstreams.receiver.conftest import RESOURCE, Service, Tokens
from tests.upstreams.receiver.requests import json_call, wire
from upstreams.models import RequestRequirements, UpstreamTemplate
from upstreams.receiver import UpstreamRequest
from upstreams.receiver.authentication.signatures import sign
from upstreams.receiver.authentication.template_paths import check_path, has_event
from upstreams.receiver.authentication.url_secrets import digest
from upstreams.receiver.protocol.refusals import ProtocolError
from upstreams.receiver.protocol.requests import Route
from upstreams.url_templates.patterns import expand

Calls = list[UpstreamRequest]

SECRET = "a-secret-from-a-vault"
BEFORE = "the-secret-before-it"
HERE = f"/upstream/{seed.CHAT}/"
EVENT_PATH = f"https://app.example.com{HERE}{{hub}}/{{category}}/{{event}}"
REFERENCE = (
    "{@Microsoft.KeyVault(SecretUri=https://contoso-vault.vault.azure.net/secrets/upstream)}"
)


def code(response: HttpResponse) -> tuple[int, str]:
    found = json.loads(response.content)["code"] if response.status_code != 200 else ""
    return response.status_code, found


def template(url: str) -> None:
    row = UpstreamTemplate.objects.get()
    row.url_template = url
    row.save()


def require(instance: SignalRInstance, **fields: object) -> None:
    RequestRequirements.objects.create(
        instance=instance,
        url_secret_digest=digest(SECRET),
        url_secret_digest_before=digest(BEFORE),
        **fields,
    )


@pytest.fixture
def keys_file(tmp_path: Path, settings: Settings) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({seed.CHAT: ["primary", "secondary"]}))
    path.chmod(0o600)
    settings.RECEIVER = settings.RECEIVER | {"ACCESS_KEYS_FILE": str(path)}
    return path


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"?code={SECRET}", (200, "")),
        (f"?code={BEFORE}", (200, "")),
        ("?code=the-secret-of-another", (403, "url_secret_wrong")),
        ("?other=1", (403, "url_secret_missing")),
        ("", (403, "url_secret_missing")),
    ],
)
def test_requires_secret_in_query(
    chat: SignalRInstance,
    project: Calls,
    service: Service,
    query: str,
    expected: tuple[int, str],
) -> None:
    require(chat, url_secret=True)
    assert code(service.post(path=HERE + query)) == expected
    assert len(project) == (expected[0] == 200)


def test_requires_secret_in_path(chat: SignalRInstance, project: Calls, service: Service) -> None:
    require(chat, url_secret=True, url_secret_parameter="")
    template(f"https://app.example.com{HERE}{REFERENCE}/{{event}}")
    assert code(service.post(path=f"{HERE}{SECRET}/echo")) == (200, "")
    assert code(service.post(path=f"{HERE}{SECRET}x/echo")) == (403, "url_secret_wrong")
    assert code(service.post(path=f"{HERE}{SECRET}/other")) == (400, "path_disagrees")
    assert len(project) == 1


def test_accepts_instance_named_upstream(
    chat: SignalRInstance, project: Calls, token: Tokens
) -> None:
    chat.name = "upstream"
    chat.save()
    template("https://app.example.com/upstream/upstream/{event}")
    service = Service(token(claims={"xms_mirid": None, "xms_az_rid": None}))
    assert code(service.post(path="/upstream/upstream/echo")) == (200, "")


def test_secret_does_not_replace_token(
    chat: SignalRInstance, project: Calls, service: Service
) -> None:
    require(chat, url_secret=True)
    assert service.post(path=f"{HERE}?code={SECRET}", authorization="").status_code == 401
    assert project == []


def test_no_url_secret_reaches_log(
    chat: SignalRInstance, project: Calls, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    require(chat, url_secret=True, url_secret_parameter="")
    for authorization in (None, "", "Bearer a.b.c"):
        service.post(b"{", path=f"{HERE}{SECRET}/x?code={SECRET}", authorization=authorization)
    assert seed.CHAT in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        (sign("primary", "c-1"), (200, "")),
        (f"{sign('other', 'c-1')}, {sign('secondary', 'c-1').upper()}", (200, "")),
        (sign("primary", "c-2"), (403, "asrs_signature_wrong")),
        (sign("other", "c-1"), (403, "asrs_signature_wrong")),
        (sign("primary", "c-1") + "," * 2000, (403, "asrs_signature_wrong")),
        ("\xff", (403, "asrs_signature_wrong")),
        ("", (403, "asrs_signature_missing")),
    ],
)
def test_requires_signature_of_an_access_key(
    chat: SignalRInstance,
    project: Calls,
    service: Service,
    keys_file: Path,
    signature: str,
    expected: tuple[int, str],
) -> None:
    require(chat, signature=True)
    assert code(service.post(signature=signature)) == expected
    assert len(project) == (expected[0] == 200)


def test_refuses_signature_without_access_keys(
    chat: SignalRInstance, project: Calls, service: Service, keys_file: Path
) -> None:
    require(chat, signature=True)
    keys_file.unlink()
    refused = service.post(signature=sign("primary", "c-1"))
    assert code(refused) == (503, "access_keys_unavailable")
    assert project == []


def test_applies_requirement_to_next_request(
    chat: SignalRInstance, project: Calls, service: Service
) -> None:
    assert service.post().status_code == 200
    require(chat, url_secret=True)
    assert service.post().status_code == 403
    RequestRequirements.objects.get().delete()
    assert service.post().status_code == 200


def test_requirements_cost_no_query(
    chat: SignalRInstance,
    project: Calls,
    service: Service,
    settings: Settings,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    settings.RECEIVER = settings.RECEIVER | {"FLUSH_SECONDS": 3600}
    require(chat, url_secret=True)
    service.post(path=f"{HERE}?code={SECRET}")
    with django_assert_num_queries(0):
        assert service.post(path=f"{HERE}?code={SECRET}").status_code == 200


ECHO = Route("chat", "messages", "echo", "c-1")


def agrees(rest: str, *urls: str, route: Route = ECHO) -> bool:
    try:
        check_path(urls, seed.CHAT, route, rest)
    except ProtocolError:
        return False
    return True


@pytest.mark.parametrize(
    ("rest", "agreed"),
    [
        ("chat/messages/echo", True),
        ("chat/messages/other", False),
        ("chat/messages/echo/", False),
        ("chat/messages/echo/more", False),
        ("chat/messages/ECHO", False),
        ("chat/connections/connected", False),
        ("", False),
    ],
)
def test_path_with_event_must_match_headers(rest: str, agreed: bool) -> None:
    assert agrees(rest, EVENT_PATH) is agreed


@pytest.mark.parametrize(
    "url",
    [
        f"https://app.example.com{HERE}",
        f"https://app.example.com{HERE}?event={{event}}",
        f"https://app.example.com{HERE}#{{event}}",
        f"https://{{hub}}.example.com{HERE}",
        f"https://app.example.com/{{hub}}{HERE}",
        "https://app.example.com/signalr/{hub}/{event}",
        "https://app.example.com/upstream/contoso-chat2/{event}",
        f"not a URL{HERE}{{event}}",
    ],
)
def test_template_without_event_in_path_accepts_any_path(
    url: str,
) -> None:
    assert not has_event(url, seed.CHAT)
    assert agrees("whatever", url)
    assert agrees("whatever", EVENT_PATH, url)


def test_path_may_match_desired_or_observed_template() -> None:
    other = f"https://old.example.com/behind/a/proxy{HERE.upper().replace('UPSTREAM', 'upstream')}"
    for rest in ("chat/messages/echo", "old/echo"):
        assert agrees(rest, EVENT_PATH, f"{other}old/{{event}}")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
@example("a/b c")
@example("%2F")
@example("..")
@example("{hub}")
@example("Привет/世界")
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_event_matches_its_path(
    chat: SignalRInstance, project: Calls, service: Service, event: str
) -> None:
    template(EVENT_PATH)
    sent = expand("{hub}/{category}/{event}", "chat", "messages", event)
    body = json_call(target=event, id_=None)
    found = {"event": wire(event)}
    assert code(service.post(body, path=HERE + sent, **found)) == (404, "no_handler")
    other = HERE + sent + quote("é")
    assert code(service.post(body, path=other, **found)) == (400, "path_disagrees")


def test_path_may_match_observed_template(
    chat: SignalRInstance, project: Calls, service: Service
) -> None:
    template(EVENT_PATH)
    assert code(service.post(path=f"{HERE}old/echo")) == (400, "path_disagrees")
    old = TemplateState(
        f"https://app.example.com{HERE}old/{{event}}",
        auth_type="ManagedIdentity",
        resource=RESOURCE,
    )
    chat.observed = InstanceState(templates=(old,)).to_json()
    chat.save()
    assert code(service.post(path=f"{HERE}old/echo")) == (200, "")


def test_instance_page_has_requirements(chat: SignalRInstance, admin_client: Client) -> None:
    page = admin_client.get(f"/admin/identities/signalrinstance/{chat.pk}/change/")
    assert b"X-ASRS-Signature" in page.content
