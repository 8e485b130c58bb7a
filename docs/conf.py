"""Configuration of the site: `make docs`.

The source folder is the root of the repository, so that a link from one
Markdown file to another leads to the same page here and on GitHub.
"""

import os
import pathlib
import runpy
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
# Autodoc imports the package.
os.environ.setdefault("KERAS_BACKEND", "jax")

project = "keras-grl"
author = "the keras-grl maintainers"
release = runpy.run_path(str(ROOT / "keras_grl/version.py"))["__version__"]
version = ".".join(release.split(".")[:2])
# An address is ADDRESS/<version>/docs/<page>.html. Pages keep their names.
html_baseurl = f"{os.environ.get('DOCS_ADDRESS', '').rstrip('/')}/{version}/"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinxcontrib.mermaid",
    "docs.docstrings",
]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "docs/examples/*.ipynb"]
exclude_patterns = [".venv*", "build", "dist"]

# Markdown, as GitHub reads it. The tests run its examples; the notebooks have
# their outputs: `make docs EXECUTE=1` makes them again.
nb_execution_mode = "off"
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
myst_enable_extensions = ["dollarmath"]

# Docstrings: sections of Google's style, code in single backticks.
default_role = "code"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = False
napoleon_custom_sections = [
    ("Call arguments", "params_style"),
    ("Input shape", "notes_style"),
    ("Output shape", "notes_style"),
    ("Reference", "notes_style"),
    ("Returns", "notes_style"),
    ("Returns of a call", "notes_style"),
]
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"keras-grl {version}"
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
