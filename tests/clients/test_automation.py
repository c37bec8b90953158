"""Commands, keys and paths in docs/how-to/automation.md are correct."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from sync.declarative.fleet_yaml import read_documents
from tests.cloud import REPOSITORY

DOCS = REPOSITORY / "docs"
PAGE = (DOCS / "how-to" / "automation.md").read_text()
SCRIPT = (DOCS / "examples" / "apply-by-api.sh").read_text()
APPS = ("accounts", "diagnosis", "identities", "portal", "sync", "upstreams")
OURS = {name for name, app in get_commands().items() if app in APPS}
LINES = re.findall(r"python manage\.py ([a-z_]+)([^#`>\n]*)", PAGE)


@pytest.mark.parametrize(("name", "arguments"), LINES)
def test_command_lines_are_valid(name: str, arguments: str) -> None:
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)
    parser.parse_args(shlex.split(arguments.replace("<user", "pipeline")))


def test_every_command_has_its_exit_codes() -> None:
    table = PAGE.partition("## Exit codes")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = [words for cell in cells for words in re.findall(r"`([a-z_]+)`", cell)]
    assert sorted(named) == sorted(OURS)


def test_documents_are_valid() -> None:
    texts = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    declared, problems = read_documents([("automation.md", "---\n".join(texts))])
    assert problems == []
    assert (len(declared.instances), len(declared.function_apps)) == (1, 1)


def test_every_key_is_documented() -> None:
    text = "{apiVersion: signalman/v1, kind: SignalRInstance, nonsense: 1}"
    _, problems = read_documents([("none", text)])
    keys = problems[0].message.partition("Known keys: ")[2].rstrip(".").split(", ")
    assert len(keys) > 5
    table = PAGE.partition("| key | meaning |")[2].partition("\n\n")[0]
    assert [key for key in keys if f"`{key}`" not in table] == []


def test_paths_of_the_script_are_in_the_schema() -> None:
    schema: dict[str, Any] = yaml.safe_load((DOCS / "openapi.yaml").read_text())
    asked = [(path, "{id}") for path in re.findall(r"\$SIGNALMAN_URL(/[a-z0-9/$]*/)", SCRIPT)]
    paths = {path.replace("$id", name) for path, name in asked}
    assert len(paths) == 3
    assert paths <= schema["paths"].keys()
    (parameters,) = (
        {each["name"] for each in schema["paths"][path]["get"]["parameters"]}
        for path in paths
        if path.endswith("/plan/")
    )
    assert {"policy", "resource_group"} <= parameters


def test_links_are_valid() -> None:
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    assert [link for link in links if not (DOCS / "how-to" / link).exists()] == []
