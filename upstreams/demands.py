"""What an instance's requests must prove beside their token: a row where some switch is on."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from identities.models import SignalRInstance
from upstreams.receiver.authentication import url_secrets
from upstreams.receiver.authentication.requirements import Requirements


class ReceiverDemands(models.Model):
    """The operator's switches for one instance; without a row nothing is demanded.

    Access keys are not stored here but in a file (`upstreams.receiver.authentication.access_keys`).
    Of a secret in the URL only salted digests are stored: the current and the previous one.
    """

    instance = models.OneToOneField(
        SignalRInstance, on_delete=models.CASCADE, related_name="receiver_demands"
    )
    signature = models.BooleanField(
        "X-ASRS-Signature",
        default=False,
        help_text="Needs the instance's access keys in SIGNALMAN_ACCESS_KEYS_FILE.",
    )
    url_secret = models.BooleanField(
        "a secret in the address",
        default=False,
        help_text="Set the secret first: manage.py set_url_secret.",
    )
    url_secret_parameter = models.CharField(
        max_length=64,
        default="code",
        blank=True,
        help_text="The query's parameter that holds it; empty: a segment of the path does.",
    )
    url_secret_digest = models.CharField(max_length=128, blank=True, editable=False)
    url_secret_digest_before = models.CharField(max_length=128, blank=True, editable=False)
    url_secret_set_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "receiver demands"
        constraints = [
            models.CheckConstraint(
                name="demanded_url_secret_is_set",
                condition=models.Q(url_secret=False) | ~models.Q(url_secret_digest=""),
                violation_error_message=(
                    "No secret is set that could be demanded: manage.py set_url_secret."
                ),
            ),
            models.CheckConstraint(
                name="secret_before_goes_with_a_newer",
                condition=models.Q(url_secret_digest_before="") | ~models.Q(url_secret_digest=""),
                violation_error_message="An earlier secret is accepted only beside a newer one.",
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
        """The switches as the receiver goes by them."""
        digests = (self.url_secret_digest, self.url_secret_digest_before)
        return Requirements(
            signature=self.signature,
            url_secret=self.url_secret,
            url_secrets=tuple(digest for digest in digests if digest),
            parameter=self.url_secret_parameter,
        )

    def accept(self, secret: str) -> None:
        """Accept `secret` from now on, and beside it the one that was the newest until now.

        A secret that is the newest already changes nothing: the one before stays.
        """
        if self.url_secret_digest and url_secrets.is_one_of([secret], [self.url_secret_digest]):
            return
        self.url_secret_digest_before = self.url_secret_digest
        self.url_secret_digest = url_secrets.digest(secret)
        self.url_secret_set_at = timezone.now()

    def forget_secrets(self) -> None:
        """Demand no secret, and keep nothing of those that there were."""
        self.url_secret = False
        self.url_secret_digest = self.url_secret_digest_before = ""
        self.url_secret_set_at = None
