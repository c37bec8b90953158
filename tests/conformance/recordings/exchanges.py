"""Recorded requests and answers, read from the formats of Microsoft's test suites."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

# Ten times as fast as the loader in Python, where libyaml is installed.
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Some recorders stored the repr of bytes, and sometimes the repr of that.
_REPR_OF_BYTES = re.compile(r"b(['\"]).*\1", re.DOTALL)
_SIGNATURE = frozenset("tcsh")


@dataclass(frozen=True)
class Answer:
    """A response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def document(self) -> Any:
        """The body as JSON values; as text where it is none, None where it is empty."""
        if not self.text.strip():
            return None
        try:
            return json.loads(self.text)
        except ValueError:
            return self.text


@dataclass(frozen=True)
class Exchange:
    """One recorded request with its answer."""

    method: str
    url: str
    body: str
    answer: Answer

    @property
    def path(self) -> str:
        """The path of the URL, without a slash at its end."""
        return urlsplit(self.url).path.rstrip("/") or "/"

    @property
    def host(self) -> str:
        """The host of the URL."""
        return urlsplit(self.url).hostname or ""

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters of the URL, without the signature of an operation."""
        parameters = parse_qsl(urlsplit(self.url).query, keep_blank_values=True)
        return [(name, value) for name, value in parameters if name not in _SIGNATURE]


def unsigned(url: str) -> str:
    """Return a URL without the signature of an operation, to compare and look up."""
    parts = urlsplit(url)
    parameters = [pair for pair in parse_qsl(parts.query) if pair[0] not in _SIGNATURE]
    return f"{parts.path}?{parameters}".lower()


def load(file: Path) -> list[Exchange]:
    """Return the exchanges of a recording; none where the file is not a recording."""
    text = file.read_text(encoding="utf-8-sig")
    if file.suffix == ".json":
        content = json.loads(text)
        entries = content.get("Entries", []) if isinstance(content, dict) else []
        return [_from_session(entry) for entry in entries]
    content = yaml.load(text, Loader=_Loader) or {}  # noqa: S506 (a safe loader)
    return [_from_cassette(entry) for entry in content.get("interactions", [])]


def _from_session(entry: dict[str, Any]) -> Exchange:
    """Read an entry of a session record (Azure PowerShell, .NET)."""
    headers = _headers(entry["ResponseHeaders"])
    answer = Answer(int(entry["StatusCode"]), headers, _text(entry.get("ResponseBody")))
    body = _text(entry.get("RequestBody"))
    return Exchange(entry["RequestMethod"], entry["RequestUri"], body, answer)


def _from_cassette(entry: dict[str, Any]) -> Exchange:
    """Read an interaction of VCR, as azure-cli writes it, or of go-vcr."""
    request, response = entry["request"], entry["response"]
    status = response.get("code") or response["status"]["code"]
    body = response.get("body")
    body = body.get("string") if isinstance(body, dict) else body
    answer = Answer(int(status), _headers(response["headers"]), _text(body))
    url = request.get("uri") or request["url"]
    return Exchange(request["method"], url, _text(request.get("body")), answer)


def _headers(recorded: Mapping[str, Any]) -> dict[str, str]:
    return {
        name.lower(): str(value[0] if isinstance(value, list) else value)
        for name, value in recorded.items()
    }


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    while _REPR_OF_BYTES.fullmatch(text):
        text = ast.literal_eval(text).decode("utf-8", "replace")
    return text
