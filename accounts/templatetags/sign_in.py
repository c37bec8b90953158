"""Template tags of the sign-in page."""

from __future__ import annotations

from django import template

from accounts.sign_in.configuration import is_offered

register = template.Library()

register.simple_tag(is_offered, name="entra_is_offered")
