"""Settings of the documentation site. `make docs` builds it into `var/docs`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.addnodes import pending_xref

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_REPOSITORY = Path(__file__).resolve().parent.parent
_PYPROJECT = tomllib.loads((_REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))

project = "Signalman"
version = release = _PYPROJECT["project"]["version"]
language = "en-GB"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
# Every reference has to resolve, headings of other pages included.
nitpicky = True
# Anchors as GitHub makes them, so that a link works there and here.
myst_heading_anchors = 4

html_theme = "furo"
html_title = "Signalman"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}


def setup(app: Sphinx) -> None:
    """Register what the site does besides MyST."""
    app.connect("doctree-read", show_repository_paths)


def show_repository_paths(app: Sphinx, document: nodes.document) -> None:
    """Replace links to pages and folders outside `docs` with their path: the site has only pages.

    On GitHub they are links. Links to other files become downloads. A path that does not exist
    stays a reference, which then fails the build.
    """
    folder = Path(document["source"]).parent
    for reference in list(document.findall(pending_xref)):
        path = folder.joinpath(reference["reftarget"]).resolve()
        page = path.with_suffix(".md")
        for found in (path, page):
            inside = found.is_relative_to(app.srcdir)
            if found.exists() and found.is_relative_to(_REPOSITORY) and not inside:
                name = str(found.relative_to(_REPOSITORY))
                reference.replace_self(nodes.literal(name, name))
                break
