"""Sign-in with Microsoft Entra."""

from __future__ import annotations

from typing import Final

from config import environment as env
from config.environment import Variable

SIGN_IN_TENANT_ID: Final = Variable(
    "SIGNALMAN_SIGN_IN_TENANT_ID",
    env.optional_uuid,
    "",
    "The tenant whose users sign in, and an app registration there with the app roles\n"
    "Fleet.Reader, Fleet.Operator and Fleet.Admin and the redirect URI\n"
    "https://<this portal>/admin/sign-in/entra/login/callback/. Set all three, or none: then only\n"
    "accounts with a password can sign in.",
)
SIGN_IN_CLIENT_ID: Final = Variable("SIGNALMAN_SIGN_IN_CLIENT_ID", env.optional_uuid, "", "")
SIGN_IN_CLIENT_SECRET: Final = Variable("SIGNALMAN_SIGN_IN_CLIENT_SECRET", env.text, "", "")
SESSION_SECONDS: Final = Variable(
    "SIGNALMAN_SESSION_SECONDS",
    env.whole_number(1),
    43_200,
    "How long a session lasts. A role that was removed in Entra is lost at the next sign-in.\n"
    "Seconds.",
)
