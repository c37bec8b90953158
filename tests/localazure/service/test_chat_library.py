"""The chat's copy of Microsoft's library is that of the npm package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples import chat
from tests.localazure.service.environments import javascript

pytestmark = pytest.mark.slow


def test_library_is_that_of_the_package() -> None:
    package = javascript() / "node_modules" / "@microsoft" / "signalr"
    version = json.loads((package / "package.json").read_text())["version"]
    copy = Path(chat.__path__[0]) / "static" / "chat" / f"signalr-{version}.min.js"
    assert copy.read_bytes() == (package / "dist" / "browser" / "signalr.min.js").read_bytes()
