from importlib.metadata import version as installed_version

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
# The table is part of figure1.md, not a page.
exclude_patterns = ["_build", "figure1_table.md"]
default_role = "py:obj"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_raise_on_error = True

# The docstrings state types and shapes in words; an annotation would only repeat them.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = f"tinygan {release}"
html_static_path = ["_static"]
html_show_sourcelink = False
html_theme_options = {
    "github_url": "https://github.com/tinygan/tinygan",
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars = {"**": []}
