"""The rows around an instance, on the form that edits them all."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import display

from identities.models import ManagedIdentity, VaultGrant
from upstreams.demands import ReceiverDemands
from upstreams.models import UpstreamTemplate


class ManagedIdentityInline(StackedInline):
    """The one identity of an instance."""

    model = ManagedIdentity
    can_delete = False
    readonly_fields = ["principal_id", "tenant_id"]


class VaultGrantInline(TabularInline):
    """Which vaults the identity may read, as Azure last answered."""

    model = VaultGrant
    extra = 0
    can_delete = False
    fields = ["vault", "principal_id", "mechanism", "standing"]
    readonly_fields = ["standing"]

    def has_add_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no: a plan grants."""
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no."""
        return False

    @display(description="Standing")
    def standing(self, row: VaultGrant) -> str:
        """Say whether it acts."""
        return row.standing(timezone.now())


class UpstreamTemplateInline(TabularInline):
    """An instance's templates, in the order in which Azure tries them."""

    model = UpstreamTemplate
    extra = 0
    ordering_field = "position"  # type: ignore[assignment]  # unfold's own is an untyped None
    hide_ordering_field = True
    fields = [
        "hub_pattern",
        "category_pattern",
        "event_pattern",
        "url_template",
        "auth_type",
        "resource",
        "position",
    ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the field, named for a screen reader: the column's heading is no label."""
        formfield: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if formfield is not None:
            formfield.widget.attrs["aria-label"] = formfield.label
        return formfield


class ReceiverDemandsInline(StackedInline):
    """What an instance's requests must prove beside their token."""

    model = ReceiverDemands
    can_delete = False
    readonly_fields = ["url_secret_set_at"]
