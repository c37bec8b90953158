from __future__ import annotations

import pytest

from localazure import seed
from tests.stdin import set_stdin
from tests.sync.commands import run
from tests.sync.declared import SYSTEM, Fleet, rows

pytestmark = pytest.mark.django_db


# --- files ---


def test_folder_is_read_without_hidden_files(fleet: Fleet) -> None:
    folder = fleet.path.parent / "fleet"
    (folder / "more").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    (folder / "one.yaml").write_text(run("export", seed.LAB).out)
    (folder / "more" / "two.yml").write_text(run("export", seed.CHAT).out)
    (folder / ".hidden" / "three.yaml").write_text("not: ours")
    (folder / "README.md").write_text("Not ours either.")
    outcome = run("plan", "-f", str(folder))
    assert (outcome.code, outcome.out) == (0, "Documents with changes: 0 of 2.\n")


def test_reads_standard_input(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    set_stdin(monkeypatch, fleet.path.read_bytes())
    assert run("plan", "-f", "-").code == 0


def test_names_unreadable_file(fleet: Fleet) -> None:
    (fleet.path.parent / "latin.yaml").write_bytes(b"name: \xe9")
    files = [str(fleet.path.parent / name) for name in ("nowhere.yaml", "latin.yaml")]
    outcome = run("apply", *(f"-f={file}" for file in files))
    assert "nowhere.yaml:1: The file cannot be read: No such file or directory." in outcome.error
    assert "latin.yaml:1: The file cannot be read: it is not encoded in UTF-8." in outcome.error


def test_files_without_documents_are_an_error(fleet: Fleet) -> None:
    fleet.path.write_text("")
    assert "There are no documents" in fleet.apply().error


# --- the command ---


def test_apply_requires_confirmation(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.change(seed.LAB, policy="manage", identity=SYSTEM)
    set_stdin(monkeypatch, "")
    before = rows()
    outcome = run("apply", "-f", str(fleet.path))
    assert "with --yes" in outcome.error
    assert rows() == before


def test_paths_and_digests_require_named_instances(fleet: Fleet) -> None:
    assert "cannot be used with -f" in fleet.apply("--path", "identity").error
    assert "cannot be used with -f" in fleet.apply("--digest", "0").error
    assert "cannot be used with -f" in fleet.plan("--path", "identity").error
    assert "Name the instances" in run("apply").error


def test_apply_document_lists_desired_state_and_operations(fleet: Fleet) -> None:
    fleet.change(seed.LAB, policy="manage", identity=SYSTEM)
    planned = fleet.plan("--json").document
    document = fleet.apply("--json").document
    assert document["desired"] == planned["desired"]
    assert document["plans"] == planned["plans"]
    (entry,) = document["desired"]
    assert entry["name"] == seed.LAB
    assert entry["place"].startswith(f"{fleet.path}:")
    (operation,) = document["operations"]
    assert (operation["state"], document["errors"]) == ("succeeded", [])


def test_document_of_an_invalid_file_lists_every_problem(fleet: Fleet) -> None:
    fleet.change(seed.LAB, policy="none", protected="no")
    for outcome in (fleet.plan("--json"), fleet.apply("--json")):
        assert outcome.code == 1
        assert len(outcome.document["errors"]) == 2
