"""Where an instance is called: connection string, template, host name of the row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections
from pytest_django import Settings

from config.environment_variables.parsers import endpoint_template, optional_endpoint_template
from config.environment_variables.variable import Invalid
from identities.models import SignalRInstance
from tests.upstreams.sender.conftest import use_connection_string
from upstreams.sender import endpoints
from upstreams.sender.endpoints import Endpoint

Find = Callable[[str | None], Endpoint]


@pytest.fixture(autouse=True)
def _defaults(settings: Settings) -> Iterator[None]:
    settings.SENDER = {}
    endpoints.forget_hosts()
    yield
    endpoints.forget_hosts()


@pytest.fixture(params=["sync", "async"])
def find(request: pytest.FixtureRequest) -> Find:
    if request.param == "sync":
        return endpoints.find
    return lambda instance: asyncio.run(endpoints.afind(instance))


def test_host_name_is_the_observed_one(instance: SignalRInstance) -> None:
    instance.host_name = "contoso-test.signalr.azure.cn"
    instance.save()
    found = endpoints.find("CONTOSO-Test")
    assert found.url == found.client_url == "https://contoso-test.signalr.azure.cn"
    assert found.access_key == ""


def test_host_name_is_the_public_clouds_before_the_first_refresh(
    instance: SignalRInstance,
) -> None:
    assert endpoints.find("contoso-test").url == "https://contoso-test.service.signalr.net"


def test_changed_row_is_used_at_once(instance: SignalRInstance) -> None:
    endpoints.find("contoso-test")
    instance.host_name = "new.example.com"
    instance.save()
    assert endpoints.find("contoso-test").url == "https://new.example.com"


@pytest.mark.django_db(transaction=True)
def test_host_name_is_read_without_blocking_the_loop(instance: SignalRInstance) -> None:
    instance.host_name = "contoso-test.example.com"
    instance.save()

    async def find_and_disconnect() -> Endpoint:
        try:
            return await endpoints.afind("contoso-test")
        finally:
            # The thread of the query keeps its connection.
            await sync_to_async(connections.close_all)()

    found = asyncio.run(find_and_disconnect())
    assert found.url == "https://contoso-test.example.com"


def test_unknown_instance_is_named(db: None) -> None:
    with pytest.raises(ImproperlyConfigured, match="'nowhere'"):
        endpoints.find("nowhere")


def test_last_host_name_is_used_while_the_database_is_away(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoints.find("contoso-test")
    monkeypatch.setattr(endpoints, "_HOST_SECONDS", 0.0)
    endpoints.forget_hosts()
    endpoints.find("contoso-test")

    def away(*_: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(type(SignalRInstance.objects.all()), "named", away)
    assert endpoints.find("contoso-test").url == "https://contoso-test.service.signalr.net"
    with pytest.raises(OperationalError):
        endpoints.find("another")


def test_template_without_host_needs_no_database(settings: Settings, find: Find) -> None:
    settings.SENDER = {"SERVICE_ENDPOINT": "https://localhost:1/signalr/{instance}"}
    assert find("Contoso").url == "https://localhost:1/signalr/contoso"


def test_clients_may_have_another_endpoint(settings: Settings, find: Find) -> None:
    settings.SENDER = {
        "SERVICE_ENDPOINT": "https://{instance}.internal",
        "CLIENT_ENDPOINT": "https://gateway.example.com/{instance}",
        "DEFAULT_INSTANCE": "contoso",
    }
    found = find(None)
    assert found.url == found.audience_url == "https://contoso.internal"
    assert found.client_url == "https://gateway.example.com/contoso"


def test_connection_string_is_preferred(settings: Settings, tmp_path: Path, find: Find) -> None:
    settings.SENDER = {"SERVICE_ENDPOINT": "https://{instance}.internal"}
    text = "Endpoint=https://a.example.com;ClientEndpoint=https://b.example.com;AccessKey=secret-1"
    use_connection_string(settings, tmp_path, text, "Contoso")
    found = find("contoso")
    assert (found.url, found.client_url) == ("https://a.example.com", "https://b.example.com")
    assert found.access_key == "secret-1"
    assert "secret-1" not in repr(found)
    assert find("other").url == "https://other.internal"


def test_token_is_never_sent_unencrypted(settings: Settings, find: Find) -> None:
    settings.SENDER = {"SERVICE_ENDPOINT": "http://{instance}.internal"}
    with pytest.raises(ImproperlyConfigured, match="unencrypted"):
        find("contoso")


@pytest.mark.parametrize(
    "value",
    [
        "https://{host}",
        "https://{instance}.example.com",
        "https://localhost:8443/signalr/{instance}",
    ],
)
def test_setting_takes_templates(value: str) -> None:
    assert endpoint_template(f"{value}/") == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{host}",
        "http://{host}",
        "https://{name}",
        "https://a@{host}",
        "https://{host}?x=1",
        "https://{host}:port",
    ],
    ids=repr,
)
def test_setting_refuses_other_values(value: str) -> None:
    with pytest.raises(Invalid):
        endpoint_template(value)


def test_setting_for_clients_may_be_empty() -> None:
    assert optional_endpoint_template("") == ""


def test_setting_for_clients_may_be_http_on_this_machine() -> None:
    url = "http://localhost:8444/signalr/{instance}"
    assert optional_endpoint_template(f"{url}/") == url


@pytest.mark.parametrize(
    "value",
    [
        "http://{host}",
        "http://localhost.example.com",
        "http://example.com/localhost",
        "ftp://localhost",
    ],
)
def test_setting_for_clients_refuses_other_http(value: str) -> None:
    with pytest.raises(Invalid):
        optional_endpoint_template(value)


def test_clients_may_connect_unencrypted_on_this_machine(settings: Settings, find: Find) -> None:
    settings.SENDER = {
        "SERVICE_ENDPOINT": "https://localhost:8443/{instance}",
        "CLIENT_ENDPOINT": "http://localhost:8444/{instance}",
    }
    found = find("contoso-test")
    assert found.client_url == "http://localhost:8444/contoso-test"
    assert found.audience_url == "https://localhost:8443/contoso-test"


@pytest.mark.parametrize("name", ["SERVICE_ENDPOINT", "CLIENT_ENDPOINT"])
def test_no_other_address_is_unencrypted(settings: Settings, find: Find, name: str) -> None:
    settings.SENDER = {"SERVICE_ENDPOINT": "https://localhost", name: "http://example.com"}
    with pytest.raises(ImproperlyConfigured, match="not an https URL"):
        find("contoso-test")
