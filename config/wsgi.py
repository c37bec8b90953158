"""The WSGI entry point of Django's own development server.

Serve `config.asgi` in production: WSGI servers do not pass on headers that are not ASCII.
"""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from config.serving.content_type import refusing_invalid_content_types

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = refusing_invalid_content_types(get_wsgi_application())
