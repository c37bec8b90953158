"""The network settings of a Function App or Web App, as Azure returned them.

Shapes: Microsoft.Web/sites and its config/web, api-version 2025-05-01. Access restrictions are in
the configuration only: the site's own answer leaves them out. Sources: "Azure App Service access
restrictions" and "Configure TLS mutual authentication for Azure App Service".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from arm.errors import unreadable
from arm.function_apps.access_restrictions import (
    AccessRule,
    is_open_by_default,
    parts_of,
    restrictions,
)
from arm.private_endpoints import is_approved

SiteStatus = Literal["running", "stopped", "quota_exceeded"]


@dataclass(frozen=True, slots=True)
class SiteAccess:
    """The settings that a connection has to pass before the site's own authentication.

    `is_public` says whether the site has public network access, by its setting or by default.
    `rules` are its access restrictions in the order of their evaluation; `is_open_by_default` says
    whether what no rule matches is allowed. `certificate_exclusions` are the beginnings of paths
    that need no client certificate.
    """

    status: SiteStatus = "running"
    is_public: bool = True
    is_https_only: bool = False
    requires_certificate: bool = False
    certificate_exclusions: tuple[str, ...] = ()
    rules: tuple[AccessRule, ...] = ()
    is_open_by_default: bool = True

    @classmethod
    def from_arm(cls, site: Mapping[str, Any], configuration: Mapping[str, Any]) -> SiteAccess:
        """Read a site and its config/web. Raises UnexpectedAnswer for any other shape."""
        try:
            properties = site.get("properties") or {}
            config = configuration.get("properties") or {}
            rules = tuple(map(AccessRule.from_arm, restrictions(config)))
            mode = str(properties.get("clientCertMode") or "Required").lower()
            return cls(
                status=_status(properties),
                is_public=_is_public(properties, config),
                is_https_only=bool(properties.get("httpsOnly")),
                requires_certificate=bool(properties.get("clientCertEnabled"))
                and mode == "required",
                certificate_exclusions=tuple(parts_of(properties.get("clientCertExclusionPaths"))),
                rules=rules,
                is_open_by_default=is_open_by_default(config, rules),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(error, "the access of a site") from error

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SiteAccess:
        """Read what `to_json` wrote, or what that became in the database."""
        rules = (dict(each, sources=tuple(each["sources"])) for each in value["rules"])
        return cls(
            **{
                **value,
                "certificate_exclusions": tuple(value["certificate_exclusions"]),
                "rules": tuple(AccessRule(**each) for each in rules),
            }
        )


def _status(properties: Mapping[str, Any]) -> SiteStatus:
    if str(properties.get("usageState") or "").lower() == "exceeded":
        return "quota_exceeded"
    is_stopped = (
        str(properties.get("state") or "Running").lower() != "running"
        or properties.get("enabled") is False
        or properties.get("hostNamesDisabled") is True
    )
    return "stopped" if is_stopped else "running"


def _is_public(properties: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Return whether there is public access: without a setting, unless there are endpoints."""
    access = properties.get("publicNetworkAccess") or config.get("publicNetworkAccess") or ""
    if access:
        return str(access).lower() != "disabled"
    return not any(map(is_approved, properties.get("privateEndpointConnections") or ()))
