"""The chain of an instance and of one event."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from arm.function_apps.http_functions import HttpFunction
from diagnosis.chain.chain import Chain, ChainLink, build_chain, chain_document
from diagnosis.chain.instance_chain import read_chain
from diagnosis.chain.links import Link
from diagnosis.checklist import diagnose
from diagnosis.findings import failed, passed, unknown
from identities.models import SignalRInstance, Subscription
from sync.desired.state import desired_state
from tests.registrations import register
from upstreams.models import DeliveryCount, FunctionApp, UpstreamTemplate
from upstreams.receiver import Hub
from upstreams.receiver.testing import installed_hubs
from upstreams.url_templates.patterns import Event

pytestmark = pytest.mark.django_db
SAY = Event("chat", "messages", "say")
URL = "https://portal.example/upstream/chat-prod/"
SECRET = "{@Microsoft.KeyVault(SecretUri=https://vault-1.vault.azure.net/secrets/code)}"


def say(_request: object, _text: str) -> None:
    """Handle the message `say`."""


@pytest.fixture(autouse=True)
def _hubs() -> Iterator[None]:
    """Handlers of the hub `chat`."""
    hub = Hub("chat")
    hub.message("say")(say)
    with installed_hubs(hub):
        yield


@pytest.fixture
def instance(settings: Settings) -> SignalRInstance:
    """An instance whose settings all agree, with deliveries."""
    settings.SIGNALMAN_RECEIVER_HOSTS = ["portal.example"]
    subscription = Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=uuid.uuid4())
    row = SignalRInstance.objects.create(
        name="chat-prod",
        subscription=subscription,
        resource_group="apps",
        service_mode="Serverless",
        host_name="chat-prod.service.signalr.net",
    )
    row.identity.type = "SystemAssigned"
    row.identity.principal_id = uuid.uuid4()
    row.identity.save()
    register(row, "api://chat")
    DeliveryCount.objects.create(
        instance=row, minute=timezone.now(), outcome="accepted", reason="", count=5
    )
    return with_templates(row, {})


def with_templates(row: SignalRInstance, *templates: dict[str, Any]) -> SignalRInstance:
    """Set the desired and observed templates; by default each is signed and leads to our receiver.

    Azure has what is desired.
    """
    row.upstream_templates.all().delete()
    usual = {"url_template": URL, "auth_type": "ManagedIdentity", "resource": "api://chat"}
    for position, fields in enumerate(templates):
        UpstreamTemplate.objects.create(instance=row, position=position, **usual | fields)
    fresh = SignalRInstance.objects.get(pk=row.pk)
    fresh.observed, fresh.observed_at = desired_state(fresh).to_json(), timezone.now()
    fresh.save()
    return SignalRInstance.objects.with_desired().get(pk=row.pk)


def link(chain: Chain, name: Link) -> ChainLink:
    """Return the link with that name."""
    (found,) = [each for each in chain.links if each.link is name]
    return found


def facts(chain: Chain, name: Link) -> dict[str, str]:
    """Return the facts of a link."""
    return {fact.name: fact.value for fact in link(chain, name).facts}


def test_every_link_passes_where_all_is_established(instance: SignalRInstance) -> None:
    chain = read_chain(instance)
    assert {each.link: each.outcome for each in chain.links} == {
        Link.CLIENT: "not_checked",
        Link.SERVICE: "pass",
        Link.TEMPLATE: "pass",
        Link.TOKEN: "pass",
        Link.RECEIVER: "pass",
        Link.HANDLER: "pass",
    }, [each for each in chain.findings if each.outcome != "pass"]
    assert (chain.outcome, chain.worst) == ("pass", None)


def test_holds_every_finding_of_the_diagnosis_once(instance: SignalRInstance) -> None:
    row = with_templates(
        instance,
        {"url_template": f"https://a.example/?code={SECRET}", "hub_pattern": "a"},
        {"url_template": "http://b.example/", "auth_type": "None", "resource": ""},
    )
    found, chain = diagnose(row), read_chain(row)
    assert sorted(chain.findings, key=str) == sorted(found, key=str)
    assert chain.outcome == "fail"


def test_states_the_settings_of_each_link(instance: SignalRInstance) -> None:
    row = with_templates(instance, {"url_template": f"{URL}?a=1&code={SECRET}&key=s3cret"})
    chain = read_chain(row)
    assert facts(chain, Link.CLIENT) == {"Connects to": "chat-prod.service.signalr.net"}
    assert facts(chain, Link.SERVICE) == {"Mode": "Serverless", "Identity": "System assigned"}
    assert facts(chain, Link.KEY_VAULT) == {"Secret": "vault-1/code"}
    token = facts(chain, Link.TOKEN)
    assert token["Resource"] == "api://chat"
    assert str(row.subscription.tenant_id) in token["Issuer"]
    assert facts(chain, Link.RECEIVER) == {"Endpoint": "Signalman", "Last hour": "5 accepted"}
    assert facts(chain, Link.HANDLER) == {"Hub chat": "say"}
    assert "s3cret" not in json.dumps(chain_document(chain))


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"category_pattern": "connections", "event_pattern": "connect"}, Link.TEMPLATE),
        ({"url_template": f"{URL}?code=abc"}, Link.TEMPLATE),
        ({"auth_type": "None", "resource": ""}, Link.TOKEN),
        ({"resource": "https://management.azure.com"}, Link.TOKEN),
        ({"url_template": "https://portal.example/upstream/other/"}, Link.RECEIVER),
        ({"hub_pattern": "game"}, Link.HANDLER),
        ({"category_pattern": "messages", "event_pattern": "shout"}, Link.HANDLER),
    ],
)
def test_fails_at_the_link_that_is_wrong(
    instance: SignalRInstance, fields: dict[str, str], name: Link
) -> None:
    assert link(read_chain(with_templates(instance, fields)), name).outcome == "fail"


def test_worst_link_is_the_first_that_failed() -> None:
    findings = [
        unknown("service_mode", "A", "a"),
        failed("templates[0].handlers", "B", "b", "do"),
        failed("templates[0].signed", "C", "c", "do"),
        passed("templates[0].signed", "D", "d"),
    ]
    chain = build_chain(findings, {})
    assert chain.worst is not None
    assert (chain.worst.link, chain.outcome) == (Link.TOKEN, "fail")
    assert [each.title for each in chain.worst.open_findings] == ["C"]
    assert build_chain(findings[:1], {}).worst == link(build_chain(findings[:1], {}), Link.SERVICE)


def test_endpoint_without_deliveries_is_unknown(instance: SignalRInstance) -> None:
    DeliveryCount.objects.all().delete()
    assert link(read_chain(instance), Link.RECEIVER).outcome == "unknown"


def test_deliveries_establish_no_endpoint_among_two(
    instance: SignalRInstance, settings: Settings
) -> None:
    settings.SIGNALMAN_RECEIVER_HOSTS = ["portal.example", "other.example"]
    other = {"url_template": URL.replace("portal", "other"), "hub_pattern": "x"}
    row = with_templates(instance, other, {})
    outcomes = {each.key: each.outcome for each in read_chain(row).findings}
    assert outcomes["templates[1].answers"] == "unknown"


def test_process_without_hubs_does_not_know_the_handlers(instance: SignalRInstance) -> None:
    with installed_hubs():
        handlers = link(read_chain(instance), Link.HANDLER)
    assert handlers.outcome == "unknown"
    assert "SIGNALMAN_APPS" in handlers.findings[0].fix


def test_handlers_of_other_receivers_are_not_checked(instance: SignalRInstance) -> None:
    row = with_templates(instance, {"url_template": "https://other.example/"})
    assert link(read_chain(row), Link.HANDLER).outcome == "not_checked"


def test_event_follows_the_first_matching_template(instance: SignalRInstance) -> None:
    row = with_templates(instance, {"hub_pattern": "game", "auth_type": "None", "resource": ""}, {})
    chain = read_chain(row, SAY)
    assert chain.template_index == 1
    assert chain.outcome == "pass", chain.worst
    assert facts(chain, Link.TEMPLATE)["Template"] == "2"
    assert "'game' does not match 'chat'" in link(chain, Link.TEMPLATE).findings[-1].evidence
    assert facts(chain, Link.HANDLER)["Function"].endswith("say")
    assert read_chain(row, SAY._replace(hub="game")).outcome == "fail"


def test_event_without_template_is_dropped(instance: SignalRInstance) -> None:
    row = with_templates(instance, {"hub_pattern": "game"})
    chain = read_chain(row, SAY)
    assert chain.template_index is None
    assert chain.worst == link(chain, Link.TEMPLATE)
    assert "drops the event" in link(chain, Link.TEMPLATE).findings[-1].evidence
    assert link(chain, Link.TOKEN).outcome == "not_checked"
    assert link(chain, Link.RECEIVER).outcome == "not_checked"


def test_event_is_judged_by_itself(instance: SignalRInstance) -> None:
    """The same template is right for one event and wrong for another."""
    row = with_templates(instance, {"url_template": "https://portal.example/upstream/{hub}/"})
    chain = read_chain(row, SAY._replace(hub="chat-prod"))
    outcomes = {each.key: each.outcome for each in chain.findings}
    assert outcomes["templates[0].receiver"] == "pass"
    assert outcomes["templates[0].handlers"] == "fail"
    assert facts(chain, Link.TEMPLATE)["URL"] == "https://portal.example/upstream/chat-prod/"
    assert link(read_chain(row, SAY), Link.RECEIVER).outcome == "fail"


@pytest.mark.parametrize(
    ("event", "name", "outcome"),
    [
        (Event("chat", "messages", "shout"), Link.HANDLER, "fail"),
        (Event("game", "messages", "say"), Link.HANDLER, "fail"),
        (Event("CHAT", "messages", "SAY"), Link.HANDLER, "pass"),
        (Event("chat", "connections", "connected"), Link.HANDLER, "unknown"),
        (Event("chat", "connections", "connect"), Link.TEMPLATE, "fail"),
    ],
)
def test_event_has_its_own_outcome(
    instance: SignalRInstance, event: Event, name: Link, outcome: str
) -> None:
    assert link(read_chain(instance, event), name).outcome == outcome


def test_event_shows_its_function_app_only(instance: SignalRInstance) -> None:
    for name in ("one", "two"):
        FunctionApp.objects.create(
            subscription=instance.subscription,
            arm_id=f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/{name}",
            host_name=f"{name}.azurewebsites.net",
        )
    row = with_templates(
        instance,
        {"url_template": "https://one.azurewebsites.net/api", "hub_pattern": "one"},
        {"url_template": "https://two.azurewebsites.net/api"},
    )
    chain = read_chain(row, SAY)
    assert facts(chain, Link.RECEIVER) == {"Endpoint": "Function App two"}
    keys = {each.key for each in link(chain, Link.RECEIVER).findings}
    apps = {"function_apps[two].read", "function_apps[two].reachable"}
    assert keys == {*apps, "templates[1].answers"}


def test_event_is_followed_to_a_function(instance: SignalRInstance) -> None:
    functions = [HttpFunction(name, f"/api/{name}", "anonymous") for name in ("say", "join")]
    FunctionApp.objects.create(
        subscription=instance.subscription,
        arm_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/one",
        host_name="one.azurewebsites.net",
        functions=[each.to_json() for each in functions],
    )
    row = with_templates(instance, {"url_template": "https://one.azurewebsites.net/api/{event}"})
    chain = read_chain(row, SAY)
    assert facts(chain, Link.HANDLER) == {"Function": "say"}
    assert link(chain, Link.HANDLER).outcome == "pass"
    lost = read_chain(row, SAY._replace(event="shout"))
    assert link(lost, Link.HANDLER).outcome == "fail"
    assert "/api/shout returns 404" in link(lost, Link.HANDLER).findings[0].evidence


def test_event_has_each_check_once(instance: SignalRInstance) -> None:
    webhook = f"https://one.azurewebsites.net/runtime/webhooks/signalr?code={SECRET}"
    row = with_templates(instance, {"url_template": webhook}, {"hub_pattern": "game"})
    keys = [each.key for each in read_chain(row, SAY).findings]
    assert len(keys) == len(set(keys))
    assert "templates[0].webhook_key" in keys
    assert not any(key.startswith("templates[1]") for key in keys)


def run_command(*arguments: str) -> tuple[str, int]:
    """Run the command; return what it printed and its exit code."""
    output = io.StringIO()
    try:
        call_command("diagnose", "chat-prod", *arguments, stdout=output)
    except SystemExit as end:
        return output.getvalue(), int(end.code or 0)
    return output.getvalue(), 0


def test_command_prints_the_chain(instance: SignalRInstance) -> None:
    printed, code = run_command("--chain")
    assert "✓ Service: mode Serverless, identity System assigned" in printed
    assert "· Client" in printed
    assert code == 0


def test_command_prints_the_chain_of_an_event(instance: SignalRInstance) -> None:
    printed, code = run_command("--event", "chat", "messages", "shout")
    assert "✗ Handler\n    ✗ Events of template 1 have a handler." in printed
    assert code == 2
    document = json.loads(run_command("--event", *SAY, "--json")[0])
    assert document == json.loads(json.dumps(chain_document(read_chain(instance, SAY))))


def test_command_refuses_unknown_category(instance: SignalRInstance) -> None:
    with pytest.raises(CommandError, match="connections or messages"):
        call_command("diagnose", "chat-prod", "--event", "chat", "message", "say")


def test_json_list_names_links(instance: SignalRInstance) -> None:
    assert {each["link"] for each in json.loads(run_command("--json")[0])} >= {"service", "token"}
