import shutil
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path

from sphinx.ext import autosummary

from tinygan.lessons.catalog import lessons
from tinygan.lessons.script import BEGIN, Cell, notebook, stripped
from tinygan.lessons.student import start

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
# The tables are parts of pages, not pages; what can be downloaded is no page.
exclude_patterns = ["_build", "*_table.md", "lessons/downloads"]
default_role = "py:obj"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_raise_on_error = True
# The outputs of a notebook are kept in _build until its code changes; remove _build after a change in tinygan itself.
nb_execution_mode = "cache"
nb_execution_in_temp = True
nb_execution_timeout = 300  # seconds a cell, on a busy machine
nb_merge_streams = True
# Only solutions are folded.
nb_code_prompt_show = "Show a solution"
nb_code_prompt_hide = "Hide the solution"

# The docstrings state types and shapes in words; an annotation would only repeat them.
autodoc_typehints = "none"
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
# No sentence ends there.
autosummary.WELL_KNOWN_ABBREVIATIONS = (*autosummary.WELL_KNOWN_ABBREVIATIONS, "eq.")

html_theme = "pydata_sphinx_theme"
html_title = f"tinygan {release}"
html_css_files = ["code.css", "tables.css"]
html_show_sourcelink = False
html_copy_source = False
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


def page(lesson):
    """Yield the cells of a lesson's page: its files to download, its own cells, and each stub above the solution."""
    heading, _, introduction = lesson.cells[0].source.partition("\n")
    files = (f"{{download}}`{lesson.name}{suffix} <downloads/{lesson.name}{suffix}>`" for suffix in (".py", ".ipynb"))
    yield Cell("markdown", heading)
    yield Cell("markdown", f"To work on it: `tinygan lesson start {lesson.number}`, or download {' or '.join(files)}.")
    yield Cell("markdown", introduction)
    for cell in lesson.cells[1:]:
        if BEGIN in cell.source:
            yield Cell("markdown", f"```python\n{stripped(cell.source)}\n```")
        yield cell


# The pages of the lessons are made anew in each build.
folder = Path(__file__).parent / "lessons"
shutil.rmtree(folder, ignore_errors=True)
for lesson in lessons().values():
    start(lesson, folder / "downloads")
    (folder / f"{lesson.name}.ipynb").write_text(notebook(list(page(lesson))), encoding="utf-8")
