"""The tab of Key Vault: which secrets the templates name, and whether they can be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone

from arm.errors import ArmError
from portal.instance.key_vault.forms import UrlSecretForm
from portal.instance.key_vault.references import malformed, named_vaults
from portal.instance.page import InstancePage
from portal.page import who
from sync.desired.request_requirements import demanding, demands_of
from sync.desired.state import row_state
from sync.inventory.import_instances import refresh
from sync.inventory.secrets import check_secrets
from sync.inventory.vault_grants import choose_grants


class KeyVaultPage(InstancePage):
    """References, secrets and grants, as Azure last answered, and what is wanted of the grants."""

    tab = "key-vault"
    template_name = "portal/instance/key_vault/page.html"
    permission_to_change = "identities.change_vaultgrant"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Ask Azure anew, want a grant or do without, or set what the receiver demands."""
        verbs: dict[str, Callable[[], HttpResponse]] = {
            "read": self._read,
            "want": lambda: self._choose(is_wanted=True),
            "decline": lambda: self._choose(is_wanted=False),
            "demand": self._demand,
            "forget": self._forget,
        }
        verb = verbs.get(request.POST.get("do", ""))
        return verb() if verb else HttpResponseBadRequest("There is no such button.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what is known of the references, and what the receiver demands."""
        demands = demands_of(self.instance)
        initial = {
            "parameter": demands.url_secret_parameter,
            "is_demanded": demands.url_secret,
        }
        return super().get_context_data(
            vaults=named_vaults(self.instance, timezone.now()),
            malformed=list(malformed(row_state(self.instance).templates)),
            holder=row_state(self.instance).identity.holder,
            demands=demands,
            **{"secret_form": UrlSecretForm(initial=initial, label_suffix=""), **kwargs},
        )

    def _read(self) -> HttpResponse:
        try:
            refresh(self.instance)
            check_secrets()
        except ArmError as error:
            messages.error(self.request, f"Azure was not read. {error}")
        else:
            messages.success(self.request, "Vaults, grants and secrets were read from Azure.")
        return self.back()

    def _choose(self, *, is_wanted: bool) -> HttpResponse:
        name = self.request.POST.get("vault", "")
        if name not in {vault.name for vault in named_vaults(self.instance, timezone.now())}:
            return HttpResponseBadRequest("No template names that vault.")
        if choose_grants(self.instance, {name: is_wanted}, who=who(self.request)):
            what = "is to be let into" if is_wanted else "is not to be let into"
            messages.success(
                self.request,
                f"The identity of {self.instance} {what} {name}. Azure is sent nothing before you "
                "apply the plan.",
            )
        return self.back()

    def _demand(self) -> HttpResponse:
        form = UrlSecretForm(self.request.POST, label_suffix="")
        if form.is_valid() and self._set_demands(form):
            messages.success(self.request, "The receiver goes by it within seconds.")
            return self.back()
        return self.render_to_response(self.get_context_data(secret_form=form), status=422)

    def _set_demands(self, form: UrlSecretForm) -> bool:
        data = form.cleaned_data
        try:
            with demanding(self.instance, who=who(self.request)) as demands:
                if data["secret"]:
                    demands.accept(data["secret"])
                demands.url_secret_parameter = data["parameter"]
                demands.url_secret = data["is_demanded"]
        except ValidationError as error:
            form.add_error(None, " ".join(error.messages))
            return False
        return True

    def _forget(self) -> HttpResponse:
        with demanding(self.instance, who=who(self.request)) as demands:
            demands.forget_secrets()
        messages.success(self.request, "The receiver demands no secret, and all are forgotten.")
        return self.back()
