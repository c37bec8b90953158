"""Another project: REST framework, `validation` and four settings, without Signalman.

Run as a program beside a copy of the folder `validation`: reads tokens from standard input, one a
line, and prints the status of each.
"""

from __future__ import annotations

import json
import os
import sys

import django
from django.conf import settings
from django.core.management import call_command

settings.configure(
    SECRET_KEY="standalone",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "validation",
    ],
    VALIDATION=json.loads(os.environ["STANDALONE_VALIDATION"]),
)
django.setup()

from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.test import APIRequestFactory  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from validation.authentication import EntraAuthentication  # noqa: E402


class Orders(APIView):
    """The view in docs/reference/validation.md."""

    authentication_classes = [EntraAuthentication]
    permission_classes = [IsAuthenticated]

    def post(self, request: Request) -> Response:
        """Answer with nothing."""
        return Response()


if __name__ == "__main__":
    call_command("check")
    for line in sys.stdin:
        authorization = f"Bearer {line.strip()}"
        request = APIRequestFactory().post("/", HTTP_AUTHORIZATION=authorization)
        sys.stdout.write(f"{Orders.as_view()(request).status_code}\n")
