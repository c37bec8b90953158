"""The security headers of responses that Django's middleware does not see."""

from __future__ import annotations

from typing import Final

# Such a response is not a page, should a browser ever load it.
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
