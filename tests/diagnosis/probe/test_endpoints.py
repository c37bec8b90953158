"""The probe asks real servers, follows nothing, and never asks what only this machine can reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from arm.instance_state import TemplateState
from config.environment_variables.parsers import networks
from diagnosis.findings import Finding
from diagnosis.probe.endpoints import probe
from identities.models import SignalRInstance
from localazure.environment import variables
from tests.diagnosis.probe.server import REFERENCE, Server, answers
from tests.diagnosis.test_checklist import finding, observe, run_command
from tests.validation.web import Web
from upstreams.models import UpstreamTemplate


def found(url: str, **fields: Any) -> Finding:
    """Probe one template."""
    (finding,) = probe([TemplateState(url, **fields)])
    return finding


@pytest.mark.parametrize(
    ("status", "outcome", "said"),
    [
        (401, "pass", "refuses a request without a token"),
        (200, "fail", "Any sender can send it events"),
        (204, "fail", "Any sender can send it events"),
        (302, "fail", "redirects"),
        (404, "fail", "returns 404"),
        (500, "fail", "returns 500"),
    ],
)
def test_a_receiver_has_to_refuse(server: Server, status: int, outcome: str, said: str) -> None:
    server.status = status
    finding = found(f"{server.url}/upstream/{{hub}}/{{event}}?a=1", hub_pattern="chat, game")
    assert (finding.key, finding.outcome) == ("templates[0].answers", outcome)
    assert said in finding.evidence
    assert [path for path, _, _ in server.came] == ["/upstream/chat/signalman-probe?a=1"]


def test_it_sends_what_the_service_sends_but_no_token(server: Server) -> None:
    found(server.url)
    ((path, headers, body),) = server.came
    assert (path, body) == ("/", b"{}")
    assert headers["X-ASRS-Category"] == "messages"
    assert not {"Authorization", "Cookie"} & headers.keys()


def test_nothing_that_holds_a_secret_is_asked(server: Server) -> None:
    for url in (f"{server.url}/?code={REFERENCE}", f"http://user:pass@{server.url[7:]}/"):
        assert found(url).outcome == "unknown"
    assert server.came == []


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/metadata/identity/oauth2/token",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://168.63.129.16/",
        "http://0.0.0.0/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
    ],
)
def test_metadata_is_never_asked(url: str) -> None:
    finding = found(url)
    assert finding.outcome == "unknown"
    assert "not probed" in finding.evidence


@pytest.mark.parametrize(
    "url", ["ftp://host/", "file:///etc/passwd", "nonsense", "http://[", "//h/"]
)
def test_only_web_addresses_are_asked(url: str) -> None:
    assert found(url).outcome == "unknown"


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "127.0.0.1", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"),
        *("[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]"),
    ],
)
def test_does_not_probe_this_machine_unless_allowed(
    settings: Settings, server: Server, host: str
) -> None:
    settings.SIGNALMAN_PROBE_NETWORKS = []
    finding = found(f"http://{host}:{server.web.server_address[1]}/")
    assert finding.outcome == "unknown"
    assert "SIGNALMAN_PROBE_NETWORKS" in finding.evidence
    assert server.came == []


def test_probes_this_machine_for_local_azure(settings: Settings, server: Server) -> None:
    value = variables(8443, Path("ca.pem"))["SIGNALMAN_PROBE_NETWORKS"]
    settings.SIGNALMAN_PROBE_NETWORKS = networks(value)
    assert found(server.url).outcome == "pass"


@pytest.mark.parametrize("network", ["169.254.0.0/16", "0.0.0.0/0"])
def test_never_probes_metadata_however_configured(settings: Settings, network: str) -> None:
    settings.SIGNALMAN_PROBE_NETWORKS = [network, "::/0"]
    assert "metadata" in found("http://169.254.169.254/").evidence


def test_does_not_follow_redirect_to_another_host(server: Server) -> None:
    other = Server()
    try:
        server.status, server.url = 302, other.url
        finding = found(f"http://localhost:{server.web.server_address[1]}/")
    finally:
        other.web.server_close()
    assert "redirects" in finding.evidence
    assert other.came == []


def test_nothing_there_is_said_so(server: Server) -> None:
    port = server.web.server_address[1]
    finding = found(f"https://localhost:{port}/")
    assert (finding.outcome, "SSLError" in finding.evidence) == ("fail", True)


def test_says_that_the_host_name_is_unknown() -> None:
    finding = found("https://receiver.invalid/")
    assert finding.evidence == "The host name cannot be resolved (gaierror)."
    assert "DNS" in finding.fix


def test_says_that_the_connection_was_refused(server: Server) -> None:
    server.web.shutdown()
    server.web.server_close()
    finding = found(server.url)
    assert finding.evidence.startswith("The connection was refused")
    assert "port" in finding.fix


def test_a_certificate_has_to_be_the_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Web(tmp_path) as web:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(web.ca_file))
        assert "returns 501" in found(f"{web.url}/").evidence
        by_address = web.url.replace("localhost", "127.0.0.1")
        assert "SSLError" in found(by_address).evidence


@pytest.mark.django_db
def test_the_command_probes_only_when_asked(instance: SignalRInstance, server: Server) -> None:
    UpstreamTemplate.objects.update(url_template=server.url)
    SignalRInstance.objects.update(observed=None)
    assert answers()["outcome"] == "unknown"
    assert "manage.py diagnose chat-prod --probe" in answers()["fix"]
    assert server.came == []
    assert answers("--probe")["outcome"] == "pass"


@pytest.mark.django_db
def test_an_address_that_is_never_asked_is_not_to_be_asked(instance: SignalRInstance) -> None:
    UpstreamTemplate.objects.update(url_template=f"https://portal.example/?code={REFERENCE}")
    SignalRInstance.objects.update(observed=None)
    assert answers() == answers("--probe")
    assert answers()["fix"] == ""


@pytest.mark.django_db(transaction=True)
def test_a_probe_of_our_own_receiver_makes_no_later_diagnosis_fail(
    instance: SignalRInstance, live_server: LiveServer, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.RECEIVER = {"FLUSH_SECONDS": 0}
    UpstreamTemplate.objects.update(url_template=f"{live_server.url}/upstream/chat-prod/")
    observe(SignalRInstance.objects.get())
    for _ in range(2):
        assert answers("--probe")["outcome"] == "pass"
    assert "2 for authorization_missing" in finding(instance, "deliveries_accepted").evidence
    assert run_command("chat-prod", "--probe")[1] == 0
