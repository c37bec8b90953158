"""Strict reading of YAML that knows where each value stands. Free of Django.

Nothing is guessed: an unknown key, a key given twice, a number where a text belongs are faults, and
all faults of a file are found in one reading.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

# libyaml, where PyYAML was built with it, reads the same language many times faster.
_LOADER: Final[type[Any]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KINDS: Final = {
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:timestamp": "a date",
}
_TEXT: Final = "tag:yaml.org,2002:str"
_FLAG: Final = "tag:yaml.org,2002:bool"
_NULL: Final = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: its file, its line from 1, and its path within the document."""

    file: str
    line: int
    path: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where}: {self.path}" if self.path else where


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a place, in a sentence."""

    place: Place
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


@dataclass(slots=True)
class Entry:
    """A value of a document. What is wrong with it is added to `faults`, which all share."""

    node: yaml.Node
    place: Place
    faults: list[Fault] = field(default_factory=list)

    def blame(self, sentence: str) -> None:
        """Add a fault here."""
        self.faults.append(Fault(self.place, sentence))

    def text(self) -> str:
        """Return a text; a fault, and nothing, where there is another thing."""
        if not isinstance(self.node, yaml.ScalarNode):
            self.blame("A text belongs here.")
            return ""
        value = str(self.node.value)
        if self.node.tag != _TEXT:
            kind = _KINDS.get(self.node.tag, "another thing")
            self.blame(f"A text belongs here, and this is {kind}: put it in quotes.")
        elif "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            self.blame("A text holds no such characters.")
        return value

    def flag(self) -> bool:
        """Return true or false."""
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag != _FLAG:
            self.blame("Write true or false.")
            return False
        return self.node.value.lower() in {"true", "yes", "on"}

    def choice(self, choices: Collection[str]) -> str:
        """Return one of `choices`."""
        value = self.node.value if isinstance(self.node, yaml.ScalarNode) else None
        if value not in choices:
            self.blame(f"Write one of {', '.join(choices)}.")
        return str(value)

    def items(self) -> list[Entry]:
        """Return the values of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.blame("A list belongs here; an empty one is written [].")
            return []
        return [self._at(node, f"{self.place.path}[{n}]") for n, node in enumerate(self.node.value)]

    def pairs(self) -> dict[str, Entry]:
        """Return the values of a mapping by their keys."""
        if not isinstance(self.node, yaml.MappingNode):
            self.blame("Keys with values belong here.")
            return {}
        found: dict[str, Entry] = {}
        for key, value in self.node.value:
            name = self._at(key, self.place.path).text()
            entry = self._at(value, f"{self.place.path}.{name}".lstrip("."), line_of=key)
            if name in found:
                entry.blame("This key is given twice.")
            found[name] = entry
        return found

    def fields(self, required: Collection[str], optional: Collection[str] = ()) -> dict[str, Entry]:
        """Return the values of a mapping that has these keys and no others."""
        has_faults = not isinstance(self.node, yaml.MappingNode)
        found = self.pairs()
        known = [*required, *optional]
        for name in [name for name in found if name not in known]:
            found.pop(name).blame(f"This key is not known here: there are {', '.join(known)}.")
        missing = [name for name in required if name not in found]
        if missing and not has_faults:
            self.blame(f"{', '.join(missing)} is missing.")
        return found

    @property
    def is_null(self) -> bool:
        """Whether nothing is written here."""
        return self.node.tag == _NULL

    def _at(self, node: yaml.Node, path: str, *, line_of: yaml.Node | None = None) -> Entry:
        line = (line_of or node).start_mark.line + 1
        return Entry(node, Place(self.place.file, line, path), self.faults)


def read_entries(text: str, file: str, faults: list[Fault]) -> Iterator[Entry]:
    """Yield the documents of a YAML text that are not empty; what is not YAML becomes a fault."""
    try:
        for node in yaml.compose_all(text, _LOADER):
            if node.tag != _NULL:
                yield Entry(node, Place(file, node.start_mark.line + 1), faults)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        faults.append(Fault(Place(file, line), f"This is not YAML: {error.problem}."))
    except yaml.YAMLError as error:
        # As for a character that YAML does not allow: it has a position, but no line.
        faults.append(Fault(Place(file, 1), f"This is not YAML: {error}."))
