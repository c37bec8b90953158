"""The routes of Microsoft.Web, by subject."""

from __future__ import annotations

from localazure.arm.web.config import site_config
from localazure.arm.web.keys import function_keys
from localazure.arm.web.plans import plans
from localazure.arm.web.sites import sites
from localazure.arm.web.source_control import source_control

PROVIDERS = (plans, sites, site_config, function_keys, source_control)
