"""Strict reading of YAML with the location of each value. Free of Django.

Nothing is guessed: an unknown key, a duplicate key or a number in place of a string is a problem.
All problems of a file are reported at once. Aliases, merge keys and block scalars are refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import yaml

# libyaml, if PyYAML was built with it, is many times faster.
_LOADER: Final[type[Any]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KINDS: Final = {
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:null": "empty",
    "tag:yaml.org,2002:timestamp": "a date",
}
_TEXT: Final = "tag:yaml.org,2002:str"
_FLAG: Final = "tag:yaml.org,2002:bool"
_NULL: Final = "tag:yaml.org,2002:null"
_MERGE: Final = "tag:yaml.org,2002:merge"
# A fleet document has five levels. The composer is recursive, so that depth is checked first.
MAX_DEPTH: Final = 20
MAX_CHARACTERS: Final = 10_000_000

# Hints by what libyaml says, and the character at which it stops.
_HINTS: Final = (
    ("*", "A value that starts with * is an alias: put it in quotes, as '*'."),
    ("&", "A value that starts with & is an anchor: put it in quotes."),
    ("@", "A Key Vault reference needs quotes: '{@Microsoft.KeyVault(...)}'."),
    ("\t", "A tab cannot indent: use spaces."),
    ("%", "A value that starts with % needs quotes."),
    ("`", "A value that starts with a backtick needs quotes."),
)


@dataclass(frozen=True, slots=True)
class Location:
    """The location of a value: its file, its line from 1, and its path in the document."""

    file: str
    line: int
    path: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where}: {self.path}" if self.path else where


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem at a location, in a message."""

    place: Location
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(slots=True)
class Entry:
    """A value of a document. All values of a file share the list `problems`."""

    node: yaml.Node
    place: Location
    problems: list[Problem] = field(default_factory=list)

    def add_problem(self, message: str) -> None:
        """Add a problem at this location."""
        self.problems.append(Problem(self.place, message))

    def text(self) -> str:
        """Return a string; add a problem and return an empty one for anything else."""
        if not isinstance(self.node, yaml.ScalarNode):
            self.add_problem("A string is required here.")
            return ""
        value = str(self.node.value)
        if self.node.tag != _TEXT:
            kind = _KINDS.get(self.node.tag, "another type")
            self.add_problem(f"A string is required here, and this is {kind}: put it in quotes.")
        elif self.node.style in {"|", ">"}:
            self.add_problem("Block scalars (| and >) are not supported: write one line in quotes.")
        elif "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            self.add_problem("The string contains characters that are not allowed.")
        return value

    def flag(self) -> bool:
        """Return true or false."""
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag != _FLAG:
            self.add_problem("Write true or false.")
            return False
        return self.node.value.lower() in {"true", "yes", "on"}

    def choice(self, choices: Collection[str]) -> str:
        """Return one of `choices`."""
        value = self.node.value if isinstance(self.node, yaml.ScalarNode) else None
        if value not in choices:
            self.add_problem(f"Write one of {', '.join(choices)}.")
        return str(value)

    def items(self) -> list[Entry]:
        """Return the values of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.add_problem("A list is required here; an empty list is written [].")
            return []
        return [self._at(node, f"{self.place.path}[{n}]") for n, node in enumerate(self.node.value)]

    def pairs(self) -> dict[str, Entry]:
        """Return the values of a mapping by their keys."""
        if not isinstance(self.node, yaml.MappingNode):
            self.add_problem("A mapping is required here.")
            return {}
        found: dict[str, Entry] = {}
        for key, value in self.node.value:
            if key.tag == _MERGE:
                hint = "Merge keys (<<) are not supported: write the keys out."
                self._at(key, self.place.path).add_problem(hint)
                continue
            name = self._at(key, self.place.path).text()
            entry = self._at(value, f"{self.place.path}.{name}".lstrip("."), line_of=key)
            if name in found:
                entry.add_problem("This key is a duplicate.")
            found[name] = entry
        return found

    def fields(
        self,
        required: Collection[str],
        optional: Collection[str] = (),
        *,
        aliases: Mapping[str, str] = MappingProxyType({}),
    ) -> dict[str, Entry]:
        """Return the values of a mapping that has these keys and no others.

        `aliases` are other spellings of keys that are accepted.
        """
        has_faults = not isinstance(self.node, yaml.MappingNode)
        found = {aliases.get(name, name): each for name, each in self.pairs().items()}
        known = [*required, *optional]
        for name in [name for name in found if name not in known]:
            found.pop(name).add_problem(f"Unknown key. Known keys: {', '.join(known)}.")
        missing = [name for name in required if name not in found]
        if missing and not has_faults:
            self.add_problem(f"Missing: {', '.join(missing)}.")
        return found

    @property
    def is_null(self) -> bool:
        """Whether the value is empty."""
        return self.node.tag == _NULL

    def _at(self, node: yaml.Node, path: str, *, line_of: yaml.Node | None = None) -> Entry:
        line = (line_of or node).start_mark.line + 1
        return Entry(node, Location(self.place.file, line, path), self.problems)


def read_entries(text: str, file: str, problems: list[Problem]) -> Iterator[Entry]:
    """Yield the documents of a YAML text that are not empty; invalid YAML becomes a problem."""
    try:
        if (problem := _refusal(text, file)) is not None:
            problems.append(problem)
            return
        for node in yaml.compose_all(text, _LOADER):
            if node.tag != _NULL:
                yield Entry(node, Location(file, node.start_mark.line + 1), problems)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problems.append(Problem(Location(file, line), _message(error, text)))
    except yaml.YAMLError as error:
        # As for a character that YAML does not allow: it has a position, but no line.
        problems.append(Problem(Location(file, 1), f"This is not YAML: {error}."))


def _refusal(text: str, file: str) -> Problem | None:
    """Return the first thing that is valid YAML and not read: too large, too deep or an alias."""
    if len(text) > MAX_CHARACTERS:
        return Problem(Location(file, 1), f"The file has more than {MAX_CHARACTERS:,} characters.")
    depth = 0
    for event in yaml.parse(text, _LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        location = Location(file, event.start_mark.line + 1)  # type: ignore[union-attr]  # always set
        if depth > MAX_DEPTH:
            return Problem(location, f"Values are nested more than {MAX_DEPTH} levels deep.")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            hint = "Anchors (&) and aliases (*) are not supported: write the value out, in quotes."
            return Problem(location, hint)
    return None


def _message(error: yaml.MarkedYAMLError, text: str) -> str:
    """Return what is wrong, with a hint for common mistakes."""
    mark = error.problem_mark
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    # The mark is at the offending character or behind it.
    near = line[max(mark.column - 1, 0) : mark.column + 1] if mark else ""
    hint = next((f" {hint}" for sign, hint in _HINTS if sign in near), "")
    return f"This is not YAML: {error.problem}.{hint}"
