"""The probe asks real servers, follows nothing, and never asks what only this machine can reach."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from arm.state import TemplateState
from diagnosis.chain.instance_chain import read_chain
from diagnosis.findings import Finding
from diagnosis.models import EndpointProbe
from diagnosis.network_addresses import is_forbidden, is_public
from diagnosis.probe import probe
from diagnosis.probe_results import ProbeResult, store_results
from identities.models import SignalRInstance
from tests.diagnosis.test_checklist import finding, observe, run_command
from tests.diagnosis.test_checklist import instance as instance  # noqa: PLC0414  # a fixture
from tests.validation.web import Web
from upstreams.models import DeliveryCount, FunctionApp, UpstreamTemplate

REFERENCE = "{@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/code)}"


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    """Allow probes of this machine, where the tests' receivers are."""
    settings.SIGNALMAN_PROBE_NETWORKS = ["127.0.0.0/8", "::1/128"]


class Server:
    """Answers every POST with one status, and notes what came."""

    def __init__(self) -> None:
        self.status = 401
        self.came: list[tuple[str, dict[str, str], bytes]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.came.append((self.path, dict(self.headers), body))
                self.send_response(server.status)
                self.send_header("Location", server.url + "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Keep quiet."""

        self.web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.web.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.web.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.web.shutdown()
    server.web.server_close()
    thread.join()


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
    "address",
    [
        "::ffff:169.254.169.254",
        "::ffff:0:a9fe:a9fe",
        "::a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::168.63.129.16",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:aa:a9:fea9:fe00:0",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::5601:5601",
        "2001:0:4136:e378:8000:63bf:5601:5601",
        "fd12::5efe:a9fe:a9fe",
        "2001:db8::200:5efe:169.254.169.254",
    ],
)
def test_no_address_hides_another_inside(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.4", "127.0.0.1", "::1", "52.1.2.3", "fd12::1"),
        *("64:ff9b::52.1.2.3", "64:ff9b:1::10.0.0.4", "2002:3401:203::1", "2603:1030::a9fe:a9fe"),
    ],
)
def test_allows_addresses_that_are_not_metadata(address: str) -> None:
    assert not is_forbidden(address)


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


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.4", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "::1", "fd12::1"),
        *("::ffff:10.0.0.4", "::10.0.0.4", "64:ff9b::10.0.0.4", "64:ff9b:1::10.0.0.4"),
        *("2002:a00:4::1", "2603:1030::5efe:a00:4", "192.0.2.1", "240.0.0.1", "fe80::1%1"),
    ],
)
def test_address_is_not_public(address: str) -> None:
    assert not is_public(address)
    assert not is_public(address, besides=["10.9.0.0/16"])


@pytest.mark.parametrize(
    "address", ["52.1.2.3", "2603:1030::1", "::ffff:52.1.2.3", "64:ff9b::52.1.2.3"]
)
def test_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.0.0/16"),
        ("::ffff:10.1.2.3", "10.1.0.0/16"),
        ("64:ff9b::10.1.2.3", "10.1.0.0/16"),
        ("fd12::1", "fd12::/64"),
    ],
)
def test_address_of_allowed_network_is_public(address: str, network: str) -> None:
    assert is_public(address, besides=[network])


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


def answers(*arguments: str) -> dict[str, str]:
    """Return the command's line on whether the one template's address answers."""
    printed, _ = run_command("chat-prod", "--json", *arguments)
    [line] = [each for each in json.loads(printed) if each["key"] == "templates[0].answers"]
    found: dict[str, str] = line
    return found


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


def stored(instance: SignalRInstance, **template: Any) -> Finding:
    """Return the finding on the one template's endpoint of a diagnosis that sends nothing."""
    UpstreamTemplate.objects.update(**template)
    return finding(instance, "templates[0].answers")


@pytest.fixture
def probed(instance: SignalRInstance, server: Server) -> SignalRInstance:
    """An instance whose one template's endpoint was probed."""
    UpstreamTemplate.objects.update(url_template=f"{server.url}/?code=clear-text-key")
    SignalRInstance.objects.update(observed=None)
    assert answers("--probe")["outcome"] == "pass"
    return SignalRInstance.objects.with_desired().get(pk=instance.pk)


@pytest.mark.django_db
def test_result_is_kept_with_its_age(probed: SignalRInstance, server: Server) -> None:
    EndpointProbe.objects.update(probed_at=timezone.now() - timedelta(hours=3, minutes=10))
    found = stored(probed)
    assert found.outcome == "pass"
    assert "401" in found.evidence
    assert "UTC, 3 hours ago." in found.evidence
    assert len(server.came) == 1
    (row,) = EndpointProbe.objects.values()
    assert "clear-text-key" not in str(row)
    chain = read_chain(probed)
    facts = [fact for each in chain.links for fact in each.facts if fact.name == "Probe"]
    assert [fact.value for fact in facts] == ["401, 3 hours ago"]


@pytest.mark.django_db
def test_failure_is_kept_until_the_next_probe(probed: SignalRInstance, server: Server) -> None:
    server.status = 200
    assert answers("--probe")["outcome"] == "fail"
    assert stored(probed).outcome == "fail"
    server.status = 401
    assert answers("--probe")["outcome"] == "pass"
    assert stored(probed).outcome == "pass"
    assert EndpointProbe.objects.count() == 1


@pytest.mark.django_db
def test_error_is_kept_by_its_name(probed: SignalRInstance, server: Server) -> None:
    UpstreamTemplate.objects.update(url_template=server.url.replace("http:", "https:"))
    assert "SSLError" in answers("--probe")["evidence"]
    assert (stored(probed).outcome, "SSLError" in stored(probed).evidence) == ("fail", True)


@pytest.mark.django_db
def test_result_of_long_ago_does_not_count(probed: SignalRInstance) -> None:
    EndpointProbe.objects.update(probed_at=timezone.now() - timedelta(hours=25))
    found = stored(probed)
    assert (found.outcome, "too long ago" in found.evidence) == ("unknown", True)
    assert "--probe" in found.fix


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"auth_type": "None", "resource": ""}, {"resource": "api://another"}]
)
def test_result_of_other_settings_does_not_count(
    probed: SignalRInstance, change: dict[str, str]
) -> None:
    found = stored(probed, **change)
    assert (found.outcome, "settings have changed" in found.evidence) == ("unknown", True)


@pytest.mark.django_db
def test_another_url_was_not_probed(probed: SignalRInstance, server: Server) -> None:
    assert "not probed" in stored(probed, url_template=f"{server.url}/other").evidence


@pytest.mark.django_db
def test_result_does_not_outlive_the_settings_of_the_app(
    instance: SignalRInstance, server: Server
) -> None:
    UpstreamTemplate.objects.update(url_template=server.url)
    SignalRInstance.objects.update(observed=None)
    app = FunctionApp.objects.create(
        subscription=instance.subscription,
        arm_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/local",
        host_name="localhost",
        observed={"version": "v2"},
    )
    assert answers("--probe")["outcome"] == "pass"
    assert stored(instance).outcome == "pass"
    app.observed = {"version": "v2", "excluded_paths": ["/*"]}
    app.save()
    assert stored(instance).outcome == "unknown"


@pytest.mark.django_db
def test_later_deliveries_supersede_a_failed_probe(probed: SignalRInstance) -> None:
    UpstreamTemplate.objects.update(url_template="https://portal.example/upstream/chat-prod/")
    (template,) = SignalRInstance.objects.get(pk=probed.pk).upstream_templates.all()
    for hours, outcome in ((2, "pass"), (0, "fail")):
        at = timezone.now() - timedelta(hours=hours)
        store_results(probed, {template.state: ProbeResult(500)}, {}, at)
        assert stored(probed).outcome == "fail"
        DeliveryCount.objects.create(
            instance=probed, minute=timezone.now(), outcome="accepted", count=1
        )
        # A probe within the hour may be later than these deliveries.
        assert stored(probed).outcome == outcome
        DeliveryCount.objects.all().delete()


@pytest.mark.django_db
def test_what_is_no_longer_probed_is_deleted(probed: SignalRInstance) -> None:
    UpstreamTemplate.objects.update(url_template=f"https://portal.example/?code={REFERENCE}")
    answers("--probe")
    assert not EndpointProbe.objects.filter(instance=probed).exists()
