"""The built documentation has no warnings, and a browser needs no network to show it."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="needs the extra docs")
pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of the built pages."""
    folder = tmp_path_factory.mktemp("site")
    words = ["-W", "--keep-going", "-q", "-b", "html", "-d", str(folder / "doctrees"), str(DOCS), str(folder / "html")]
    built = subprocess.run([sys.executable, "-m", "sphinx", *words], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder / "html"


class Loaded(HTMLParser):
    """Collects what a browser loads to show a page; a link that somebody may follow is not loaded."""

    def __init__(self, text):
        super().__init__()
        self.addresses = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag != "a":
            self.addresses += [value for name, value in attrs if name in ("src", "href", "data", "poster") and value]


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
        pictures = re.findall(r"<img\b[^>]*>", page.read_text(encoding="utf-8"))
        for picture in (picture for picture in pictures if "toggler" not in picture):  # Sphinx's own, in the index
            assert re.search(r'alt="[^"]{10,}"', picture), f"{page}: {picture}"


def test_an_address_of_the_network_would_be_found():
    page = '<a href="https://x.org">x</a><script src="https://y.org/z.js"></script><link href="//cdn.org/a.css">'
    assert from_the_network(Loaded(page).addresses) == ["https://y.org/z.js", "//cdn.org/a.css"]
