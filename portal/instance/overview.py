"""The first tab: what the instance is, how it stands, and what may be done with it."""

from __future__ import annotations

from portal.instance.page import InstancePage


class OverviewPage(InstancePage):
    """What Azure last answered of the instance, beside what is wanted."""

    tab = "overview"
    template_name = "portal/instance/overview.html"
