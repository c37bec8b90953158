"""Results of probes: stored with the settings that were probed, and used while these are the same.

A result says whether an endpoint refuses requests without a token. It counts for a day, unless the
template or the settings of the Function App behind it have changed since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.utils.crypto import salted_hmac
from django.utils.timesince import timesince

from arm.instance_state import TemplateState
from diagnosis.models import EndpointProbe
from identities.models import SignalRInstance
from upstreams.models import FunctionApp

_FRESH: Final = timedelta(days=1)
_ERROR_LENGTH: Final = 64
# Stored rows contain hashes with this salt; with another one every result would be out of date.
_SALT: Final = "diagnosis.probe.results"


class ProbeResult(NamedTuple):
    """What an endpoint answered: an HTTP status, or the name of an error."""

    status: int | None
    error: str = ""


class StoredResult(NamedTuple):
    """A result of an earlier probe.

    `is_current` is False if the settings have changed since; `is_fresh` also if it is too old.
    """

    result: ProbeResult
    probed_at: datetime
    is_current: bool
    is_fresh: bool
    age: str


def stored_result(
    template: TemplateState,
    app: FunctionApp | None,
    probes: Mapping[str, EndpointProbe],
    now: datetime,
) -> StoredResult | None:
    """Return the last result of a template's endpoint; `probes` are those stored, by endpoint."""
    row = probes.get(_endpoint(template))
    if row is None:
        return None
    is_current = row.configuration == _configuration(template, app)
    return StoredResult(
        ProbeResult(row.status, row.error),
        row.probed_at,
        is_current,
        is_current and now - row.probed_at < _FRESH,
        # Without the second unit: "3 hours", not "3 hours, 12 minutes".
        timesince(row.probed_at, now, depth=1).replace("\xa0", " "),
    )


def read_probes(instance: SignalRInstance) -> dict[str, EndpointProbe]:
    """Return the stored probes of an instance, by endpoint."""
    return {row.endpoint: row for row in EndpointProbe.objects.filter(instance=instance)}


def store_results(
    instance: SignalRInstance,
    results: Mapping[TemplateState, ProbeResult],
    apps: Mapping[TemplateState, FunctionApp],
    now: datetime,
) -> None:
    """Store the results of these templates' endpoints, in place of all earlier ones."""
    rows = {
        _endpoint(template): EndpointProbe(
            instance=instance,
            endpoint=_endpoint(template),
            configuration=_configuration(template, apps.get(template)),
            probed_at=now,
            status=result.status,
            error=result.error[:_ERROR_LENGTH],
        )
        for template, result in results.items()
    }
    EndpointProbe.objects.filter(instance=instance).exclude(endpoint__in=rows).delete()
    EndpointProbe.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["instance", "endpoint"],
        update_fields=["configuration", "probed_at", "status", "error"],
    )


def _endpoint(template: TemplateState) -> str:
    patterns = (template.hub_pattern, template.category_pattern, template.event_pattern)
    return _hash(template.url_template, *patterns)


def _configuration(template: TemplateState, app: FunctionApp | None) -> str:
    """Return a hash of the template, and of the app's settings as last observed."""
    settings = [app.observed, app.access, app.functions] if app is not None else []
    return _hash(json.dumps(asdict(template)), json.dumps(settings))


def _hash(*texts: str) -> str:
    """Return a hash that needs the secret key: a URL may contain a key that could be guessed."""
    return salted_hmac(_SALT, json.dumps(texts), algorithm="sha256").hexdigest()
