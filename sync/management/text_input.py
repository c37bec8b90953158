"""Text from files and standard input, in the encodings that shells and editors write."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path
from typing import IO, Final

from django.core.management.base import CommandError

STDIN: Final = "-"
# Windows PowerShell redirects as UTF-16, and editors there begin UTF-8 with a byte order mark.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(name: str) -> str:
    """Return the text of a file; "-" is standard input. Raises OSError and CommandError."""
    return read_stream(sys.stdin) if name == STDIN else decode(Path(name).read_bytes())


def read_stream(stream: IO[str]) -> str:
    """Return the text of a stream that is no terminal. Raises CommandError."""
    buffer = getattr(stream, "buffer", None)
    # A stream without bytes, as callers that are no shell have it.
    return stream.read().removeprefix("\ufeff") if buffer is None else decode(buffer.read())


def decode(data: bytes) -> str:
    """Return text in UTF-8, or in UTF-16 with a byte order mark. Raises CommandError."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise CommandError(
            f"The input is not text in UTF-8 or UTF-16: byte {error.start + 1} is not valid."
        ) from error
    if "\0" in text:
        raise CommandError("The input is not text: it has NUL characters. Save it as UTF-8.")
    return text
