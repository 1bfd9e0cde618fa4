"""The built documentation has no warnings, a browser needs no network to show it, and the lessons in it are whole."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tinygan.lessons.catalog import find_lesson, label, lessons
from tinygan.lessons.definitions import read_cells

pytest.importorskip("myst_nb", reason="needs the extra docs")
pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[1] / "docs"
LESSONS = list(lessons().values())


def build(html):
    """Build all pages; a notebook runs unless its outputs are in the cache beside them."""
    words = ["-W", "--keep-going", "-q", "-b", "html", "-d", str(html.parent / "doctrees")]
    command = [sys.executable, "-m", "sphinx", *words, str(DOCS), str(html)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of the built pages."""
    html = tmp_path_factory.mktemp("site") / "html"
    build(html)
    return html


class Loaded(HTMLParser):
    """Collects what a browser loads to show a page, and the pictures; a link that somebody may follow is not loaded."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.pictures = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag != "a":
            self.addresses += [value for name, value in attrs if name in ("src", "href", "data", "poster") and value]
        if tag == "img":
            self.pictures.append(dict(attrs))


class Lesson(HTMLParser):
    """Collects what can be downloaded from a page, the code that is folded in it, and the code that is not."""

    def __init__(self, text):
        super().__init__()
        self.downloads, self.folded, self.open = [], [], []
        self._in_details = self._in_code = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "details":
            self._in_details = "open" not in given
        elif tag == "pre":
            self._in_code = True
            (self.folded if self._in_details else self.open).append("")
        elif tag == "a" and "download" in given:
            self.downloads.append(given["href"])

    def handle_endtag(self, tag):
        if tag == "details":
            self._in_details = False
        elif tag == "pre":
            self._in_code = False

    def handle_data(self, text):
        if self._in_code:
            (self.folded if self._in_details else self.open)[-1] += text


def from_the_network(addresses):
    return [address for address in addresses if re.match(r"(https?:)?//", address)]


def test_pages_load_nothing_from_the_network(site):
    pages = list(site.rglob("*.html"))
    assert {"index.html", "search.html", "figure1.html"} <= {page.name for page in pages}
    for page in pages:
        assert not from_the_network(Loaded(page.read_text(encoding="utf-8")).addresses), page


def test_style_sheets_load_nothing_from_the_network(site):
    sheets = list(site.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        addresses = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]+)", sheet.read_text(encoding="utf-8"))
        assert not from_the_network(addresses), sheet


def test_formulas_have_what_draws_them(site):
    """MathJax as a file beside the pages, and no other copy of it."""
    with_formulas = [page for page in site.rglob("*.html") if 'class="math' in page.read_text(encoding="utf-8")]
    assert with_formulas
    for page in with_formulas:
        scripts = [name for name in Loaded(page.read_text(encoding="utf-8")).addresses if "tex-" in name]
        assert [(page.parent / name.split("?")[0]).resolve() for name in scripts] == [site / "_static" / "tex-svg.js"]
    assert (site / "_static" / "tex-svg.js").stat().st_size > 1_000_000


def test_every_picture_is_described(site):
    for page in site.rglob("*.html"):
        for picture in Loaded(page.read_text(encoding="utf-8")).pictures:
            if "toggler" not in picture.get("class", ""):  # Sphinx's own, in the index
                assert len(picture.get("alt", "")) >= 10, f"{page}: {str(picture)[-200:]}"


def test_what_can_be_downloaded_is_there(site):
    for page in site.rglob("*.html"):
        for address in Lesson(page.read_text(encoding="utf-8")).downloads:
            assert (page.parent / address).is_file(), f"{page}: {address}"


def test_the_list_of_lessons_is_that_of_the_scripts(site):
    page = (site / "lessons.html").read_text(encoding="utf-8")
    listed = re.findall(r'class="toctree-l1">.*?href="lessons/(\w+)\.html">', page.partition("<article")[2])
    assert listed == [lesson.name for lesson in LESSONS]


@pytest.fixture(params=LESSONS, ids=lambda lesson: lesson.name)
def lesson(request):
    return request.param


@pytest.fixture
def page(site, lesson):
    return Lesson((site / "lessons" / f"{lesson.name}.html").read_text(encoding="utf-8"))


def test_a_page_shows_a_lesson_that_was_solved(lesson, page):
    printed = "".join(page.open)
    for exercise in lesson.exercises:
        assert f"{label(exercise)} {exercise.name}  right" in printed
    assert "These lines wait" not in printed


def test_no_cell_of_a_page_warns(site):
    assert [page for page in site.rglob("*.html") if 'class="output stderr' in page.read_text(encoding="utf-8")] == []


def test_every_solution_is_folded_below_its_stub(lesson, page):
    assert len(page.folded) == len(lesson.exercises)
    for exercise, solution in zip(lesson.exercises, page.folded, strict=True):
        assert f"def {exercise.name}(" in solution
        assert sum(f'raise NotYetWritten("{exercise.name}")' in code for code in page.open) == 1


def test_the_downloads_are_the_lesson_without_its_solutions(site, lesson, page):
    files = [site / "lessons" / address for address in page.downloads]
    assert [file.name for file in files] == [f"{lesson.name}.py", f"{lesson.name}.ipynb"]
    for file in files:
        assert read_cells(file) == lesson.stripped_cells


def test_a_downloaded_notebook_runs_and_says_what_is_missing(site, tmp_path):
    import nbclient
    import nbformat

    lesson = find_lesson(1)
    book = nbformat.read(next(site.glob(f"_downloads/*/{lesson.name}.ipynb")), as_version=4)
    nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    printed = "".join(output.get("text", "") for cell in book.cells for output in cell.get("outputs", []))
    for exercise in lesson.exercises:
        assert f"{exercise.name}  nothing written yet" in printed
    assert "These lines wait for " in printed


def test_a_second_build_runs_no_notebook(site):
    books = sorted((site.parent / ".jupyter_cache" / "executed").iterdir())
    assert len(books) > len(LESSONS)
    build(site)
    assert sorted((site.parent / ".jupyter_cache" / "executed").iterdir()) == books


def test_an_address_of_the_network_would_be_found():
    page = '<a href="https://x.org">x</a><script src="https://y.org/z.js"></script><link href="//cdn.org/a.css">'
    assert from_the_network(Loaded(page).addresses) == ["https://y.org/z.js", "//cdn.org/a.css"]


def test_what_is_folded_is_told_from_what_is_not():
    page = Lesson('<pre>a</pre><details><pre>b</pre></details><pre>c</pre><a download="" href="d.py">d</a>')
    assert (page.open, page.folded, page.downloads) == (["a", "c"], ["b"], ["d.py"])


def test_a_picture_without_alt_would_be_found():
    assert Loaded('<p><img src="data:x"></p><img src="y" alt="a curve">').pictures == [
        {"src": "data:x"},
        {"src": "y", "alt": "a curve"},
    ]
