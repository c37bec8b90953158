"""Terminal output of the demo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)


class CheckFailed(Exception):
    """A check failed. The message says which."""


class StepFailed(Exception):
    """A step failed. The message names it."""


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print the step's title. Raises StepFailed if its body raises."""
    console.print(f"\n[bold cyan]▸ {title}[/]")
    try:
        yield
    except Exception as error:
        raise StepFailed(f"{title}: {error}") from error


def say(text: str) -> None:
    """Print one line."""
    console.print(f"  {text}")


def quote(text: str) -> None:
    """Print the output of a program."""
    for line in text.rstrip().splitlines():
        console.print(f"  │ {line}", markup=False)


def check(passed: bool, message: str) -> None:
    """Raise CheckFailed with `message` unless `passed`."""
    if not passed:
        raise CheckFailed(message)
