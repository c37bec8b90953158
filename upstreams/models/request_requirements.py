"""The receiver's requirements of an instance's requests beside an access token."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from identities.models import SignalRInstance
from upstreams.receiver.authentication.request_requirements import Requirements
from upstreams.receiver.authentication.url_secrets import UrlSecrets, digest, is_one_of


class RequestRequirements(models.Model):
    """The request requirements of one instance. An instance without a row has none.

    Access keys are not stored here but in a file (`upstreams.receiver.authentication.access_keys`).
    Of a secret in the URL only salted digests are stored: the current and the previous one.
    """

    instance = models.OneToOneField(
        SignalRInstance, on_delete=models.CASCADE, related_name="request_requirements"
    )
    signature = models.BooleanField(
        "X-ASRS-Signature",
        default=False,
        help_text="Requires the instance's access keys in SIGNALMAN_ACCESS_KEYS_FILE.",
    )
    url_secret = models.BooleanField(
        "secret in the URL",
        default=False,
        help_text="Set the secret first: manage.py set_url_secret.",
    )
    url_secret_parameter = models.CharField(
        max_length=64,
        default="code",
        blank=True,
        help_text="The query parameter with the secret. If empty, the secret is a path segment.",
    )
    url_secret_digest = models.CharField(max_length=128, blank=True, editable=False)
    url_secret_digest_before = models.CharField(max_length=128, blank=True, editable=False)
    url_secret_set_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "request requirements"
        constraints = [
            models.CheckConstraint(
                name="required_url_secret_is_set",
                condition=models.Q(url_secret=False) | ~models.Q(url_secret_digest=""),
                violation_error_message=(
                    "No secret is set. Set one first: manage.py set_url_secret."
                ),
            ),
            models.CheckConstraint(
                name="previous_url_secret_needs_current",
                condition=models.Q(url_secret_digest_before="") | ~models.Q(url_secret_digest=""),
                violation_error_message="A previous secret is accepted only beside a current one.",
            ),
        ]

    def __str__(self) -> str:
        names = [
            name
            for name, is_on in (("X-ASRS-Signature", self.signature), ("secret", self.url_secret))
            if is_on
        ]
        return " and ".join(names) or "nothing"

    @property
    def value(self) -> Requirements:
        """The requirements in the form that the receiver applies."""
        return Requirements(
            signature=self.signature, url_secrets=self.url_secrets if self.url_secret else None
        )

    @property
    def url_secrets(self) -> UrlSecrets:
        """The stored secrets, required or not: the current and the previous one."""
        digests = (self.url_secret_digest, self.url_secret_digest_before)
        return UrlSecrets(tuple(each for each in digests if each), self.url_secret_parameter)

    def accept(self, secret: str) -> None:
        """Make `secret` the current one, and keep accepting the one that was current until now.

        A secret that is already the current one changes nothing: the previous one stays.
        """
        if self.url_secret_digest and is_one_of([secret], [self.url_secret_digest]):
            return
        self.url_secret_digest_before = self.url_secret_digest
        self.url_secret_digest = digest(secret)
        self.url_secret_set_at = timezone.now()

    def forget_secrets(self) -> None:
        """Stop requiring a secret, and delete the digests."""
        self.url_secret = False
        self.url_secret_digest = self.url_secret_digest_before = ""
        self.url_secret_set_at = None
