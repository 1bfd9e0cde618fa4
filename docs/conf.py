from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path

from sphinx.ext import autosummary

project = "tinygan"
author = "The tinygan developers"
copyright = "2026, The tinygan developers"
release = installed_version("tinygan")
version = release

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
]
# The tables are parts of pages, not pages.
exclude_patterns = ["_build", "*_table.md"]
default_role = "py:obj"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_raise_on_error = True
nb_merge_streams = True

# The docstrings state types and shapes in words; an annotation would only repeat them.
autodoc_typehints = "none"
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
# No sentence ends there.
autosummary.WELL_KNOWN_ABBREVIATIONS = (*autosummary.WELL_KNOWN_ABBREVIATIONS, "eq.")

html_theme = "pydata_sphinx_theme"
html_title = f"tinygan {release}"
html_css_files = ["tables.css"]
html_show_sourcelink = False
html_theme_options = {
    "github_url": "https://github.com/tinygan/tinygan",
    "navbar_center": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
}
# The whole table of contents, on every page: the theme's own sidebar shows only the section that the page is in.
templates_path = ["_templates"]
html_sidebars = {"**": ["contents.html"]}

# MathJax travels with the pages, so that formulas need no network. This one file of it holds the glyphs, too.
mathjax_package = find_spec("sphinx-mathjax-offline")
mathjax_path = "tex-svg.js"
html_static_path = ["_static", str(Path(mathjax_package.origin).parent / "static" / "mathjax" / mathjax_path)]
