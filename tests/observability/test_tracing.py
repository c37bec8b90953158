"""Spans, from a request to Azure: whole programs and a collector that listens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localazure import seed
from tests.cloud import LocalAzure
from tests.config.web import secret_of_an_operator, serving, session
from tests.observability.collector import Collector, Received, collecting
from tests.python_process import run_python
from tests.sync.portal import Portal, new_portal
from tests.waits import LOOK_SECONDS, PATIENCE_SECONDS

pytestmark = pytest.mark.slow

LAB = f"/api/v1/instances/{seed.LAB}"
APPLY = "POST api/v1/instances/<str:name>/apply/"
RUN_STAGE = "run/sync.operations.tasks.run_stage"
SET_UP = "import sys, django; django.setup()"
IMPORTED = "; print(sorted(name for name in sys.modules if name.startswith('opentelemetry')))"
NOT_INSTALLED = "import sys; sys.modules['opentelemetry'] = None; import django; django.setup()"
COLLECTOR = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        COLLECTOR | {"OTEL_SDK_DISABLED": "true"},
        COLLECTOR | {"OTEL_TRACES_EXPORTER": "none"},
    ],
    ids=["unset", "disabled", "none"],
)
def test_imports_nothing_without_tracing(environment: dict[str, str]) -> None:
    assert run_python(SET_UP + IMPORTED, **environment).stdout == "[]\n"


def test_names_missing_package() -> None:
    ended = run_python(NOT_INSTALLED, **COLLECTOR)
    assert ended.returncode != 0
    assert "pip install -r requirements-otel.txt" in ended.stderr


def test_refuses_other_protocol() -> None:
    ended = run_python(SET_UP, OTEL_EXPORTER_OTLP_PROTOCOL="grpc", **COLLECTOR)
    assert "Spans are sent as http/protobuf" in ended.stderr


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that listens."""
    with collecting() as listening:
        yield listening


@contextmanager
def traced(portal: Portal, collector: Collector) -> Iterator[str]:
    """Run a web server and a worker that send spans; give the server's address."""
    portal.environment |= {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "OTEL_SERVICE_NAME": "contoso-signalman",
    }
    with serving(portal.environment) as address, portal.worker():
        yield address


def of_azure(spans: list[Received]) -> list[Received]:
    """Return the spans of calls to Azure."""
    return [span for span in spans if seed.LAB in span.said("url.full", "http.url")]


def names_beside(collector: Collector, first: str) -> set[str]:
    """Return the names of the spans in the traces that have a span of this name."""
    spans = collector.spans()
    traces = {span.trace_id for span in spans if span.name == first}
    return {span.name for span in spans if span.trace_id in traces}


def wait_for_spans(collector: Collector, first: str, *names: str) -> None:
    """Return as soon as spans of these names have come in one trace with the first."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while missing := {first, *names} - names_beside(collector, first):
        assert time.monotonic() < deadline, f"No span came of {missing}."
        time.sleep(LOOK_SECONDS)


def test_request_operation_and_azure_calls_share_a_trace(
    local_azure: LocalAzure, tmp_path: Path, collector: Collector
) -> None:
    portal = new_portal(tmp_path, seed.LAB)
    portal.manage("set_identity", seed.LAB, "--system-assigned")
    secret = secret_of_an_operator(portal)
    with traced(portal, collector) as address, session(secret) as caller:
        digest = caller.get(f"{address}{LAB}/plan/").json()["digest"]
        answer = caller.post(
            f"{address}{LAB}/apply/", json={"digest": digest}, headers={"X-Request-ID": "deploy-7"}
        )
        assert answer.status_code == 202, answer.text
        (operation,) = portal.wait_until_ended()
        wait_for_spans(collector, APPLY, RUN_STAGE, "PATCH")
    assert operation["state"] == "succeeded"
    (request,) = (span for span in collector.spans() if span.name == APPLY)
    trace = [span for span in collector.spans() if span.trace_id == request.trace_id]
    assert {span.service for span in trace} == {"contoso-signalman"}
    assert any(span.name == RUN_STAGE for span in trace)
    write = next(span for span in of_azure(trace) if span.name == "PATCH")
    assert write.attributes["signalman.operation_id"] == operation["id"]
    assert write.attributes["signalman.request_id"] == "deploy-7"
    for body in collector.raw:
        assert b"api-version" not in body
        assert secret.encode() not in body
