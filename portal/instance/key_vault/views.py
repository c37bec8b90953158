"""The Key Vault tab: referenced secrets, the grants they need, and the receiver's URL secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone

from arm.errors import ArmError
from portal.instance.key_vault.forms import UrlSecretForm
from portal.instance.key_vault.references import malformed_references, referenced_vaults
from portal.instance.page import InstancePage
from portal.page import who
from sync.desired.grant_choices import choose_grants
from sync.desired.request_requirements import changing_requirements, requirements_of
from sync.desired.state import declared_state
from sync.inventory.refresh import refresh


class KeyVaultPage(InstancePage):
    """References, secrets and grants as of the last refresh, and the desired grants."""

    tab = "key-vault"
    template_name = "portal/instance/key_vault/page.html"
    permission_to_change = "identities.change_vaultgrant"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Refresh, set a desired grant, or change the URL secret."""
        actions: dict[str, Callable[[], HttpResponse]] = {
            "refresh": self._refresh,
            "grant": lambda: self._set_grant(is_desired=True),
            "decline": lambda: self._set_grant(is_desired=False),
            "save_url_secret": self._save_url_secret,
            "delete_url_secret": self._delete_url_secret,
        }
        action = actions.get(request.POST.get("do", ""))
        return action() if action else HttpResponseBadRequest("Unknown action.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the references, and the requirements of the receiver."""
        requirements = requirements_of(self.instance)
        initial = {
            "parameter": requirements.url_secret_parameter,
            "is_required": requirements.url_secret,
        }
        return super().get_context_data(
            vaults=referenced_vaults(self.instance, timezone.now()),
            malformed=list(malformed_references(declared_state(self.instance).templates)),
            holder=declared_state(self.instance).identity.holder,
            requirements=requirements,
            **{"secret_form": UrlSecretForm(initial=initial, label_suffix=""), **kwargs},
        )

    def _refresh(self) -> HttpResponse:
        try:
            refresh(self.instance)
        except ArmError as error:
            messages.error(self.request, f"Not refreshed. {error}")
        else:
            messages.success(self.request, "Key vaults and grants were refreshed from Azure.")
        return self.redirect_to_tab()

    def _set_grant(self, *, is_desired: bool) -> HttpResponse:
        name = self.request.POST.get("vault", "")
        if name not in {vault.name for vault in referenced_vaults(self.instance, timezone.now())}:
            return HttpResponseBadRequest("No template references that key vault.")
        if choose_grants(self.instance, {name: is_desired}, who=who(self.request)):
            message = (
                f"The desired state now includes access to {name}. Apply the plan to grant it."
                if is_desired
                else f"The desired state no longer includes access to {name}."
            )
            messages.success(self.request, message)
        return self.redirect_to_tab()

    def _save_url_secret(self) -> HttpResponse:
        form = UrlSecretForm(self.request.POST, label_suffix="")
        if form.is_valid() and self._write_url_secret(form):
            messages.success(self.request, "Saved. The receiver uses the change within seconds.")
            return self.redirect_to_tab()
        return self.render_to_response(self.get_context_data(secret_form=form), status=422)

    def _write_url_secret(self, form: UrlSecretForm) -> bool:
        data = form.cleaned_data
        try:
            with changing_requirements(self.instance, who=who(self.request)) as requirements:
                if data["secret"]:
                    requirements.accept(data["secret"])
                requirements.url_secret_parameter = data["parameter"]
                requirements.url_secret = data["is_required"]
        except ValidationError as error:
            form.add_error(None, " ".join(error.messages))
            return False
        return True

    def _delete_url_secret(self) -> HttpResponse:
        with changing_requirements(self.instance, who=who(self.request)) as requirements:
            requirements.forget_secrets()
        messages.success(
            self.request, "The secrets were deleted. The receiver no longer requires a URL secret."
        )
        return self.redirect_to_tab()
