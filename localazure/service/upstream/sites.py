"""Upstream requests to Function Apps and Web Apps of this Local Azure, answered in this process."""

from __future__ import annotations

from dataclasses import dataclass

from localazure.arm.resources import Resource
from localazure.service.upstream.hosts import host_of
from localazure.sites.delivery import deliver, is_site_host
from localazure.sites.messages import SiteAnswer, SiteRequest
from localazure.world import World


@dataclass(frozen=True)
class SiteDelivery:
    """Delivers the requests of one instance to sites."""

    world: World
    instance: Resource

    def __call__(
        self, method: str, url: str, headers: list[tuple[str, str]], body: bytes | None
    ) -> SiteAnswer | None:
        """Return the site's answer; None where the URL is of no site."""
        if not is_site_host(self.world.resources, host_of(url)):
            return None
        named = {name.lower(): value for name, value in headers}
        request = SiteRequest(method, url, named, body or b"", service=self.instance)
        return deliver(self.world, request)
