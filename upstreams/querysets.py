"""The questions that other rooms ask of templates and deliveries."""

from __future__ import annotations

import functools
import operator
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import models
from django.db.models import F, Sum

from upstreams.function_auth import host_of

if TYPE_CHECKING:
    from upstreams.models import (  # noqa: F401
        Delivery,
        DeliveryCount,
        DeliveryTotal,
        FunctionApp,
        UpstreamTemplate,
    )

# Rows deleted in one statement: a bounded lock, however long nobody tidied up.
_BATCH: Final = 5_000


class UpstreamTemplateQuerySet(models.QuerySet["UpstreamTemplate"]):
    """Questions about upstream templates."""

    def signed(self) -> UpstreamTemplateQuerySet:
        """Return those whose requests carry a token."""
        return self.filter(auth_type="ManagedIdentity")

    def pointing_at(self, hosts: Collection[str]) -> list[UpstreamTemplate]:
        """Return those whose requests go to one of these hosts, in lower case."""
        # The database narrows it down; only the URL's own syntax tells its host.
        named = [models.Q(url_template__icontains=host) for host in hosts]
        candidates = self.filter(functools.reduce(operator.or_, named))
        return [row for row in candidates if host_of(row.url_template) in hosts]

    def tenants(self) -> set[str]:
        """Return the ids of the tenants whose tokens these templates' requests carry."""
        ids = self.order_by().values_list("instance__subscription__tenant_id", flat=True)
        return set(map(str, ids.distinct()))

    def hosts(self) -> set[str]:
        """Return the hosts that requests go to, in lower case."""
        urls = self.order_by().values_list("url_template", flat=True).distinct()
        return {host for url in urls.iterator() if (host := host_of(url))}


class FunctionAppQuerySet(models.QuerySet["FunctionApp"]):
    """Questions about Function Apps."""

    def with_arm_id(self, arm_id: str) -> FunctionAppQuerySet:
        """Return the app of that ARM id, in whatever case ARM wrote it."""
        return self.filter(arm_id__iexact=arm_id)

    def serving(self, url_templates: Iterable[str]) -> FunctionAppQuerySet:
        """Return those that Azure has and that one of these URL templates points at."""
        hosts = {host for url in url_templates if (host := host_of(url))}
        custom = (models.Q(custom_host_names__contains=f" {host} ") for host in sorted(hosts))
        is_named = functools.reduce(operator.or_, custom, models.Q(host_name__in=hosts))
        return self.filter(is_named, missing_since__isnull=True)

    def managed(self) -> FunctionAppQuerySet:
        """Return those that plans may write."""
        return self.filter(policy="manage")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Questions about sampled deliveries."""

    def refused(self) -> DeliveryQuerySet:
        """Return those that no handler saw."""
        return self.filter(outcome="refused")

    def delete_before(self, moment: datetime) -> int:
        """Delete a batch of the rows received before `moment`; return how many."""
        oldest = self.filter(received_at__lt=moment).order_by("received_at")
        return self.filter(pk__in=_batch(oldest)).delete()[0]


class DeliveryCountQuerySet(models.QuerySet["DeliveryCount"]):
    """Questions about counted deliveries."""

    def since(self, moment: datetime) -> DeliveryCountQuerySet:
        """Return the counts of the minutes that began at `moment` or later."""
        return self.filter(minute__gte=moment)

    def total(self) -> int:
        """Return how many deliveries these rows count."""
        return self.aggregate(total=Sum("count"))["total"] or 0

    def delete_before(self, moment: datetime) -> int:
        """Delete a batch of the rows of minutes before `moment`; return how many."""
        oldest = self.filter(minute__lt=moment).order_by("minute")
        return self.filter(pk__in=_batch(oldest)).delete()[0]


class DeliveryTotalQuerySet(models.QuerySet["DeliveryTotal"]):
    """How many deliveries there ever were."""

    def add(self, deliveries: Iterable[tuple[int, str, str, int]]) -> None:
        """Add deliveries: the instance's key, outcome, reason, and how many. In a transaction."""
        numbers: Counter[tuple[int, str, str]] = Counter()
        for instance, outcome, reason, number in deliveries:
            numbers[instance, outcome, reason] += number
        # In one order everywhere: two processes must not wait for each other's rows.
        for kind in sorted(numbers):
            columns = dict(zip(("instance_id", "outcome", "reason"), kind, strict=True))
            added = self.filter(**columns).update(count=F("count") + numbers[kind])
            if not added:
                self.bulk_create([self.model(**columns)], ignore_conflicts=True)
                self.filter(**columns).update(count=F("count") + numbers[kind])


def _batch(rows: models.QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True)[:_BATCH])
