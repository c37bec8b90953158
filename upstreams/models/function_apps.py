"""Function Apps that templates may point at, and their authentication settings."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models.functions import Lower

from arm.function_apps.authentication import FunctionAppAuth, FunctionAppState, site_name
from arm.function_apps.http_functions import HttpFunction
from arm.function_apps.site_access import SiteAccess
from identities.models import Subscription
from upstreams.url_templates.hosts import host_of


class FunctionAppQuerySet(models.QuerySet["FunctionApp"]):
    """Queries of Function Apps."""

    def with_arm_id(self, arm_id: str) -> FunctionAppQuerySet:
        """Return the app of that ARM id, ignoring case."""
        return self.filter(arm_id__iexact=arm_id)

    def serving(self, url_templates: Iterable[str]) -> FunctionAppQuerySet:
        """Return the existing apps that one of these URL templates points at."""
        hosts = {host for url in url_templates if (host := host_of(url))}
        custom = (models.Q(custom_host_names__contains=f" {host} ") for host in sorted(hosts))
        is_named = functools.reduce(operator.or_, custom, models.Q(host_name__in=hosts))
        return self.filter(is_named, missing_since__isnull=True)

    def managed(self) -> FunctionAppQuerySet:
        """Return those that plans may change."""
        return self.filter(policy="manage")


class FunctionApp(models.Model):
    """A Function App, Web App or deployment slot that templates may point at, as last observed.

    `observed` and the fields below it are written by `sync` only. The desired state is derived from
    the signed templates that point at the app.
    """

    class Policy(models.TextChoices):
        """The actions that Signalman may take on the app's authentication settings."""

        OBSERVE = "observe", "Observe: compare, never write"
        MANAGE = "manage", "Manage: plans of the instances that send to it may change it"

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="function_apps"
    )
    arm_id = models.CharField("ARM ID", max_length=512)
    # An app's name and a slot's have up to 60 characters each.
    name = models.CharField(max_length=128, editable=False)
    is_web_app = models.BooleanField(default=False, editable=False)
    location = models.CharField(max_length=64, blank=True)
    host_name = models.CharField(
        max_length=255,
        db_index=True,
        help_text="A template with this host name sends to the app.",
    )
    custom_host_names = models.TextField(
        blank=True,
        editable=False,
        help_text="Its other host names, each between two spaces, for queries.",
    )
    policy = models.CharField(
        max_length=8,
        choices=Policy,
        default=Policy.OBSERVE,
        help_text="Signalman writes to the app only with the policy Manage.",
    )

    observed = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="FunctionAppAuth as JSON; null: never read.",
    )
    observed_at = models.DateTimeField(null=True, blank=True, editable=False)
    problem = models.TextField(
        blank=True, editable=False, help_text="Why its authentication settings could not be read."
    )
    access = models.JSONField(
        null=True, blank=True, editable=False, help_text="SiteAccess as JSON; null: never read."
    )
    access_observed_at = models.DateTimeField(null=True, blank=True, editable=False)
    access_problem = models.TextField(
        blank=True, editable=False, help_text="Why its network settings could not be read."
    )
    functions = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="Its functions with an HTTP trigger: HttpFunction as JSON; null: never read.",
    )
    missing_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it was first found deleted."
    )

    objects = FunctionAppQuerySet.as_manager()

    class Meta:
        ordering = ["name", "arm_id"]
        constraints = [
            # ARM returns ids in varying case.
            models.UniqueConstraint(
                Lower("arm_id"),
                name="one_row_per_function_app",
                violation_error_message="This Function App is already in Signalman.",
            ),
            models.CheckConstraint(
                name="function_app_policy_is_one_of_two",
                condition=models.Q(policy__in=["observe", "manage"]),
                violation_error_message="The policy is observe or manage.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, with the name from the ARM id, and the host in lower case."""
        self.name = site_name(self.arm_id)
        self.host_name = self.host_name.lower()
        super().save(*args, **kwargs)

    @property
    def label(self) -> str:
        """The kind of the app with its name."""
        return f"{'Web App' if self.is_web_app else 'Function App'} {self.name}"

    @property
    def hosts(self) -> frozenset[str]:
        """All host names of the app, in lower case."""
        return frozenset([self.host_name, *self.custom_host_names.split()])

    @property
    def auth(self) -> FunctionAppAuth | None:
        """Its authentication settings as last observed; None where they were never read."""
        return None if self.observed is None else FunctionAppAuth.from_json(self.observed)

    @property
    def site_access(self) -> SiteAccess | None:
        """Its network settings, as last observed; None where they were never read."""
        return None if self.access is None else SiteAccess.from_json(self.access)

    @property
    def http_functions(self) -> tuple[HttpFunction, ...] | None:
        """Its functions with an HTTP trigger, as last observed; None where they were never read."""
        if self.functions is None:
            return None
        return tuple(HttpFunction(**each) for each in self.functions)

    @property
    def state(self) -> FunctionAppState | None:
        """The app as the value that plans compare; None where it was never read."""
        auth = self.auth
        return None if auth is None else FunctionAppState(self.arm_id.lower(), auth)
