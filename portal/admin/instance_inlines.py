"""The inlines of the form of an instance."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import display

from identities.models import ManagedIdentity, VaultGrant
from upstreams.models import RequestRequirements, UpstreamTemplate
from upstreams.url_templates.redaction import redact


class ManagedIdentityInline(StackedInline):
    """The managed identity."""

    model = ManagedIdentity
    can_delete = False
    readonly_fields = ["principal_id", "tenant_id"]


class VaultGrantInline(TabularInline):
    """The key vaults that the identity may read, as of the last refresh."""

    model = VaultGrant
    extra = 0
    can_delete = False
    fields = ["vault", "principal_id", "mechanism", "grant_status"]
    readonly_fields = ["grant_status"]

    def has_add_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Refuse: grants are created by plans."""
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Refuse."""
        return False

    @display(description="Status")
    def grant_status(self, row: VaultGrant) -> str:
        """Return whether the grant is in effect."""
        return row.status(timezone.now())


class UpstreamTemplateInline(TabularInline):
    """The upstream templates, in evaluation order."""

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
    readonly_fields = ["shown_url"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Return the fields; keys in URLs are hidden from users who may not change templates."""
        fields = super().get_fields(request, obj)
        if self.has_change_permission(request, obj):
            return fields
        return ["shown_url" if name == "url_template" else name for name in fields]

    @display(description="URL template")
    def shown_url(self, row: UpstreamTemplate) -> str:
        """Return the URL template with keys redacted."""
        return redact(row.url_template)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the field with a label for screen readers, which ignore the column heading."""
        formfield: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if formfield is not None:
            formfield.widget.attrs["aria-label"] = formfield.label
        return formfield


class RequestRequirementsInline(StackedInline):
    """The requirements of the receiver in addition to the token."""

    model = RequestRequirements
    can_delete = False
    readonly_fields = ["url_secret_set_at"]
