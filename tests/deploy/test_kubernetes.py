"""The Kubernetes objects fit together and ask for no rights."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import resolve

from config.environment_variables import VARIABLES
from config.environment_variables.variable import Environment
from config.urls import urlpatterns
from tests.deploy.manifests import container, objects, workloads

COMPONENT = "app.kubernetes.io/component"
WEB = ("portal", "receiver")


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [each for each in objects() if each["kind"] == kind]


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = [each for each in of_kind(kind) if each["metadata"]["name"] == name]
    return found


def test_components() -> None:
    assert workloads().keys() == {*WEB, "worker", "scheduler", "migrate"}


@pytest.mark.parametrize("name", sorted(workloads()))
def test_pod_has_no_rights(name: str) -> None:
    pod = workloads()[name]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    limits = container(workloads()[name])["securityContext"]
    assert limits["readOnlyRootFilesystem"] is True
    assert limits["allowPrivilegeEscalation"] is False
    assert limits["capabilities"] == {"drop": ["ALL"]}
    assert "memory" in container(workloads()[name])["resources"]["limits"]


@pytest.mark.parametrize("name", sorted(workloads()))
def test_secrets_are_references(name: str) -> None:
    sources = container(workloads()[name])["envFrom"]
    assert {"secretRef": {"name": "signalman"}} in sources
    assert {"configMapRef": {"name": "signalman"}} in sources
    assert of_kind("Secret") == []


def test_settings_are_accepted() -> None:
    values = named("ConfigMap", "signalman")["data"] | {"SIGNALMAN_SECRET_KEY": "x"}
    Environment(VARIABLES, values)
    for workload in workloads().values():
        for entry in container(workload).get("env", ()):
            values[entry["name"]] = entry["value"]
    Environment(VARIABLES, values)


def test_receiver_has_an_identity_of_its_own() -> None:
    accounts = {"portal": "signalman-azure", "worker": "signalman-azure"}
    accounts |= {"receiver": "signalman-receiver"}
    for name, workload in workloads().items():
        template = workload["spec"]["template"]
        account = template["spec"]["serviceAccountName"]
        assert account == accounts.get(name, "signalman")
        is_azure = name in accounts
        assert ("azure.workload.identity/use" in template["metadata"]["labels"]) is is_azure
        found = named("ServiceAccount", account)
        assert ("annotations" in found["metadata"]) is is_azure


@pytest.mark.parametrize("name", WEB)
def test_web_process_is_probed_for_its_role(name: str) -> None:
    found = container(workloads()[name])
    assert found["readinessProbe"]["httpGet"]["path"] == f"/readyz/{name}"
    # The process answers 503 itself after eight seconds.
    assert found["readinessProbe"]["timeoutSeconds"] > 8
    for probe in ("startupProbe", "livenessProbe"):
        assert found[probe]["httpGet"]["path"] == "/livez"
    resolve(found["readinessProbe"]["httpGet"]["path"])
    ports = {port["name"] for port in found["ports"]}
    service = named("Service", f"signalman-{name}")
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    assert service["spec"]["selector"] == {COMPONENT: name}


def test_rollout_and_stop_leave_time_to_finish() -> None:
    for name in WEB:
        spec = workloads()[name]["spec"]
        assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        pod = spec["template"]["spec"]
        (wait,) = container(workloads()[name])["lifecycle"]["preStop"]["exec"]["command"][1:]
        # granian kills a worker that does not end within 30 seconds.
        assert pod["terminationGracePeriodSeconds"] > int(wait) + 30


def test_selectors_match_pods() -> None:
    for name, workload in workloads().items():
        if workload["kind"] == "Deployment":
            assert workload["spec"]["selector"] == {"matchLabels": {COMPONENT: name}}
    budgets = {each["metadata"]["name"]: each["spec"] for each in of_kind("PodDisruptionBudget")}
    assert budgets.keys() == {"signalman-portal", "signalman-receiver", "signalman-worker"}
    for name, spec in budgets.items():
        assert spec["selector"]["matchLabels"][COMPONENT] == name.removeprefix("signalman-")
    (scaler,) = of_kind("HorizontalPodAutoscaler")
    target = scaler["spec"]["scaleTargetRef"]["name"]
    assert target == named("Deployment", "signalman-receiver")["metadata"]["name"]
    # Otherwise each apply would reset what it has scaled to.
    assert "replicas" not in workloads()["receiver"]["spec"]


def test_ingress_routes_every_address_but_internal_ones() -> None:
    (ingress,) = of_kind("Ingress")
    (rule,) = ingress["spec"]["rules"]
    routes = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    assert routes.pop("/upstream/") == "signalman-receiver"
    assert set(routes.values()) == {"signalman-portal"}
    internal = {"livez", "metrics", "readyz", "favicon.ico", "upstream", ""}
    served = {str(getattr(each, "pattern", "")).split("/")[0] for each in urlpatterns} - internal
    assert {f"/{name}/" for name in served} <= routes.keys()
    (host,) = ingress["spec"]["tls"][0]["hosts"]
    settings = named("ConfigMap", "signalman")["data"]
    assert rule["host"] == host == settings["SIGNALMAN_ALLOWED_HOSTS"]


def test_network_policies_begin_with_nothing() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind("NetworkPolicy")}
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (peers,) = [policy["ingress"] for policy in policies.values() if "ingress" in policy]
    (rule,) = peers
    assert [port["port"] for port in rule["ports"]] == ["http"]
    assert "169.254.169.254/32" in str(policies["azure"]["egress"])
