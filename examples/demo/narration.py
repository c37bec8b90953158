"""What the demo prints: each step as it happens, and which one did not hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)


class DidNotHold(Exception):
    """Something that the demo promises was not so. The message says what."""


class StepFailed(Exception):
    """A step did not hold. The message names the step."""


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print the step's title. Raises StepFailed that names it where its body raises."""
    console.print(f"\n[bold cyan]▸ {title}[/]")
    try:
        yield
    except Exception as error:
        raise StepFailed(f"{title}: {error}") from error


def say(text: str) -> None:
    """Print one line of what happens."""
    console.print(f"  {text}")


def quote(text: str) -> None:
    """Print what a program printed, as it is."""
    for line in text.rstrip().splitlines():
        console.print(f"  │ {line}", markup=False)


def hold(is_so: bool, otherwise: str) -> None:
    """Raise DidNotHold with `otherwise` unless `is_so`."""
    if not is_so:
        raise DidNotHold(otherwise)
