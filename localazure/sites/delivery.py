"""Delivery of requests to sites by host name."""

from __future__ import annotations

from localazure.arm.resources import Resource, Resources
from localazure.arm.web.site_document import HOST_SUFFIX, SLOT_TYPE, TYPE
from localazure.sites import easy_auth, front_end, functions_host
from localazure.sites.messages import SiteAnswer, SiteRequest
from localazure.world import World


def is_site_host(resources: Resources, host: str) -> bool:
    """Return whether a host name is one of App Service's or a site's custom one."""
    return host.lower().endswith(HOST_SUFFIX) or find_site(resources, host) is not None


def find_site(resources: Resources, host: str) -> Resource | None:
    """Return the site or slot of that host name."""
    for kind in (TYPE, SLOT_TYPE):
        for site in resources.of_type(kind):
            names = site.document["properties"]["hostNames"] or ()
            if host.lower() in {name.lower() for name in names}:
                return site
    return None


def deliver(world: World, request: SiteRequest) -> SiteAnswer:
    """Return the response of the site's host.

    A host name without a site answers 404, as App Service's front end does; in Azure a name that
    was never used does not resolve at all.
    """
    site = find_site(world.resources, request.host)
    if site is None:
        return SiteAnswer(404, b"404 Web Site not found.", refused_by="no such site")
    refusal = front_end.check(world.resources, site, request)
    refusal = refusal or easy_auth.check(world, site, request)
    return refusal or functions_host.answer(world, site, request)
