"""The files of a benchmark's results."""

from __future__ import annotations

import json
import platform
from pathlib import Path

from benchmarks.report import save


def test_results_have_the_machine_and_the_versions(tmp_path: Path) -> None:
    path = save("sync", {"seconds": 1.5}, versions={"PostgreSQL": "15"}, results=tmp_path)
    document = json.loads(path.read_text())
    assert document["benchmark"] == "sync"
    assert document["measured"] == {"seconds": 1.5}
    assert document["machine"]["cores"] >= 1
    assert document["machine"]["processor"]
    assert document["versions"]["Python"] == platform.python_version()
    assert document["versions"]["PostgreSQL"] == "15"
    assert {"Django", "azure-mgmt-signalr"} <= document["versions"].keys()


def test_plot_is_written_where_the_documentation_shows_it(tmp_path: Path) -> None:
    save("sync", [], "<svg/>", results=tmp_path / "results", images=tmp_path / "images")
    assert (tmp_path / "images" / "benchmark-sync.svg").read_text() == "<svg/>"
