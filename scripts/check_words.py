"""Refuse retired words in code, templates and documentation.

`scripts/retired_words.toml` holds the words, each with what to write instead;
`docs/reference/glossary.md` defines the terms. Usage: `python -m scripts.check_words [path ...]`.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
WORDS = ROOT / "scripts" / "retired_words.toml"

# What a piece of text is: terms may apply to some kinds only.
NAME, MODULE, DOCSTRING, TEXT = "name", "module", "docstring", "text"

# Attributes of HTML elements whose values people read.
READ_ATTRIBUTES = "alt|aria-label|content|data-label|placeholder|title|value"


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of one kind, and the line in its file on which it starts."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Term:
    """A retired word, what to write instead, and where the rule applies."""

    pattern: re.Pattern[str]
    write: str
    kinds: frozenset[str]
    unless: re.Pattern[str] | None
    suffixes: frozenset[str]

    def matches(self, piece: Piece) -> Iterator[re.Match[str]]:
        """Yield the matches that no exception covers."""
        if piece.kind not in self.kinds:
            return
        for match in self.pattern.finditer(piece.text):
            if not any(
                exception.start() <= match.start() and match.end() <= exception.end()
                for exception in (self.unless.finditer(piece.text) if self.unless else ())
            ):
                yield match


Match = tuple[Term, re.Match[str]]


class Words:
    """The content of the word file."""

    def __init__(self, terms: Iterable[Term], exempt: Iterable[str]) -> None:
        self._terms = tuple(terms)
        self._exempt = tuple(exempt)
        # By suffix and piece: a name stands in many places, and looking for every term takes long.
        self._found: dict[tuple[str, str, str], tuple[Match, ...]] = {}

    def is_exempt(self, path: str) -> bool:
        """Whether the path is never checked."""
        return any(fnmatchcase(path, pattern) for pattern in self._exempt)

    def matches(self, suffix: str, piece: Piece) -> tuple[Match, ...]:
        """Return the retired words of a piece of a file with that suffix."""
        key = suffix, piece.kind, piece.text
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = tuple(
                (term, match)
                for term in self._terms
                if not term.suffixes or suffix in term.suffixes
                for match in term.matches(piece)
            )
        return found


def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the pattern, case-insensitive, with any white space where it has a space."""
    return re.compile(re.sub(r"(?<!\\) ", r"\\s+", pattern), re.IGNORECASE)


def load_words(path: Path = WORDS) -> Words:
    """Read the word file."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    terms = (
        Term(
            pattern=_compiled(entry["pattern"]),
            write=entry["write"],
            kinds=frozenset(entry.get("kinds", (NAME, DOCSTRING, TEXT))),
            unless=_compiled(entry["unless"]) if "unless" in entry else None,
            suffixes=frozenset(entry.get("suffixes", ())),
        )
        for entry in document["terms"]
    )
    return Words(terms, document["exempt"])


def spaced(name: str) -> str:
    """Return an identifier as separate words: `hasMoved_away` becomes `has moved away`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").strip()


def _literal(node: ast.JoinedStr) -> str:
    """Return the text of an f-string, `{}` for each expression."""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
    )


_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _docstring_node(node: _Documented) -> ast.Constant | None:
    """Return the constant that is the node's docstring."""
    first = node.body[0] if node.body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        return first.value
    return None


def _on_own_lines(node: ast.Constant, text: str) -> str:
    """Return the text; on one line unless its line ends are those of the file."""
    lines = (node.end_lineno or node.lineno) - node.lineno
    return text if text.count("\n") <= lines else text.replace("\n", " ")


def _names(nodes: Iterable[ast.AST]) -> Iterator[Piece]:
    """Yield what a module names: functions, classes, arguments, variables and attributes."""
    for node in nodes:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield Piece(NAME, spaced(node.name), node.lineno)
            case ast.arg():
                yield Piece(NAME, spaced(node.arg), node.lineno)
            case ast.Name(ctx=ast.Store()):
                yield Piece(NAME, spaced(node.id), node.lineno)
            case ast.Attribute(ctx=ast.Store()):
                yield Piece(NAME, spaced(node.attr), node.lineno)


def _strings(nodes: Iterable[ast.AST]) -> Iterator[Piece]:
    """Yield docstrings and other strings."""
    seen: set[int] = set()
    for node in nodes:
        if isinstance(node, _Documented) and (text := _docstring_node(node)):
            seen.add(id(text))
            yield Piece(DOCSTRING, str(text.value), text.lineno)
        elif isinstance(node, ast.JoinedStr):
            seen.update(id(part) for part in node.values)
            yield Piece(TEXT, _literal(node), node.lineno)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in seen
        ):
            yield Piece(TEXT, _on_own_lines(node, spaced(node.value)), node.lineno)


def _comments(source: str) -> Iterator[Piece]:
    """Yield comments; those on adjoining lines together."""
    lines: list[str] = []
    start = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if lines and token.start[0] != last + 1:
            yield Piece(TEXT, "\n".join(lines), start)
            lines = []
        if not lines:
            start = token.start[0]
        lines.append(token.string.lstrip("#!: "))
        last = token.start[0]
    if lines:
        yield Piece(TEXT, "\n".join(lines), start)


def python_pieces(source: str) -> Iterator[Piece]:
    """Yield the names, strings and comments of a Python module."""
    nodes = list(ast.walk(ast.parse(source)))
    yield from _names(nodes)
    yield from _strings(nodes)
    yield from _comments(source)


def _blank(match: re.Match[str]) -> str:
    """Return the match's lines, empty, so that line numbers stay."""
    return "\n" * match.group().count("\n")


def _tag_text(match: re.Match[str]) -> str:
    """Return what people read of an HTML tag: some attributes' values."""
    values = re.findall(rf'\b(?:{READ_ATTRIBUTES})="([^"]*)"', match.group())
    return f" {' | '.join(values)} " + _blank(match)


def template_pieces(source: str) -> Iterator[Piece]:
    """Yield the text of a Django template: no script, no style, no tag, no variable."""
    text = re.sub(r"<(script|style)\b.*?</\1>", _blank, source, flags=re.DOTALL)
    text = re.sub(r"\{\{.*?\}\}", "{}", text)
    text = re.sub(r"\{%.*?%\}", lambda tag: " | ".join(re.findall(r'"([^"]*)"', tag.group())), text)
    text = re.sub(r"<[^>]*>", _tag_text, text)
    yield Piece(TEXT, text, 1)


def markdown_pieces(source: str) -> Iterator[Piece]:
    """Yield a Markdown page without the targets of its links."""
    yield Piece(TEXT, re.sub(r"\]\([^)]*\)", "]", source), 1)


def hash_comment_pieces(source: str) -> Iterator[Piece]:
    """Yield the comments of a file whose comments start with `#`."""
    lines = (re.search(r"(?:^|\s)#+\s?(.*)", line) for line in source.splitlines())
    yield Piece(TEXT, "\n".join(found.group(1) if found else "" for found in lines), 1)


def style_pieces(source: str) -> Iterator[Piece]:
    """Yield the comments of a style sheet."""
    kept = re.split(r"(/\*.*?\*/)", source, flags=re.DOTALL)
    text = "".join(part if part.startswith("/*") else "\n" * part.count("\n") for part in kept)
    yield Piece(TEXT, text, 1)


READERS = {
    ".py": python_pieces,
    ".html": template_pieces,
    ".txt": template_pieces,
    ".md": markdown_pieces,
    ".css": style_pieces,
    ".js": markdown_pieces,
    ".svg": template_pieces,
    ".sh": hash_comment_pieces,
    ".toml": hash_comment_pieces,
    ".yaml": hash_comment_pieces,
    ".yml": hash_comment_pieces,
    ".in": hash_comment_pieces,
    ".example": hash_comment_pieces,
    "": hash_comment_pieces,
}


def pieces_of(path: str, source: str) -> Iterator[Piece]:
    """Yield what is checked of a file, its name included."""
    pure = PurePosixPath(path)
    if pure.suffix == ".py":
        name = pure.parent.name if pure.stem == "__init__" else pure.stem
        yield Piece(MODULE, spaced(name), 1)
        yield Piece(NAME, spaced(name), 1)
    yield from READERS[pure.suffix](source)


def findings_in(path: str, source: str, words: Words) -> Iterator[str]:
    """Yield a line for each retired word of the file: place, word and replacement."""
    suffix = PurePosixPath(path).suffix
    for piece in pieces_of(path, source):
        for term, match in words.matches(suffix, piece):
            line = piece.line + piece.text.count("\n", 0, match.start())
            word = " ".join(match.group().split())
            yield f"{path}:{line}: {word!r}: write {term.write}"


def tracked_files(paths: Iterable[str]) -> list[str]:
    """Return the tracked files below these paths that the check can read."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *paths],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [
        path
        for path in listed.split("\0")
        if path and PurePosixPath(path).suffix in READERS and (ROOT / path).is_file()
    ]


def main(paths: list[str]) -> int:
    """Print what is found; return 1 if anything was."""
    words = load_words()
    findings = 0
    for path in tracked_files(paths):
        if words.is_exempt(path):
            continue
        source = (ROOT / path).read_text(encoding="utf-8")
        for finding in sorted(set(findings_in(path, source, words))):
            print(finding)
            findings += 1
    if findings:
        print(f"{findings} retired words. docs/reference/glossary.md has the terms.")
    return int(findings > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
