"""The last probe of each endpoint."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from identities.models import SignalRInstance


class EndpointProbe(models.Model):
    """The result of the last probe of a template's endpoint.

    Holds no URL, because a URL may contain a key: `endpoint` is a keyed hash of the URL template,
    and `configuration` one of all settings that decide what the endpoint answers. `status` is the
    HTTP status; null without a response, for which `error` is the name.
    """

    instance = models.ForeignKey(SignalRInstance, on_delete=models.CASCADE, related_name="probes")
    endpoint = models.CharField(max_length=64)
    configuration = models.CharField(max_length=64)
    probed_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering: ClassVar = ["instance", "-probed_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["instance", "endpoint"], name="one_probe_an_endpoint")
        ]

    def __str__(self) -> str:
        return f"{self.instance}: {self.status or self.error}, {self.probed_at:%Y-%m-%d %H:%M} UTC"
