"""Sign-in with Microsoft Entra."""

from __future__ import annotations

from typing import Final

from config.environment_variables import parsers
from config.environment_variables.variable import Variable

SIGN_IN_TENANT_ID: Final = Variable(
    "SIGNALMAN_SIGN_IN_TENANT_ID",
    parsers.optional_uuid,
    "",
    "Tenant whose users sign in to the portal. Set all three SIGNALMAN_SIGN_IN_ variables, or\n"
    "none. Without them, only accounts with a password can sign in. See docs/how-to/sign-in.md.",
)
SIGN_IN_CLIENT_ID: Final = Variable(
    "SIGNALMAN_SIGN_IN_CLIENT_ID",
    parsers.optional_uuid,
    "",
    "Client ID of the app registration for the sign-in. It needs the app roles Fleet.Reader,\n"
    "Fleet.Operator and Fleet.Admin, and the redirect URI https://<this\n"
    "portal>/admin/sign-in/entra/login/callback/.",
)
SIGN_IN_CLIENT_SECRET: Final = Variable(
    "SIGNALMAN_SIGN_IN_CLIENT_SECRET", parsers.text, "", "Client secret of that app registration."
)
SESSION_SECONDS: Final = Variable(
    "SIGNALMAN_SESSION_SECONDS",
    parsers.whole_number(1),
    43_200,
    "Maximum duration of a session in seconds. Changes of app roles in Entra take effect at the\n"
    "next sign-in.",
)
