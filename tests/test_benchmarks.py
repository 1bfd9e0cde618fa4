"""The benchmarks run, compare what they say they compare, and report what is there and what is not; never how fast."""

import json
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))  # last, so that an installed tinygan stays the one that is tested

from benchmarks import (  # noqa: E402
    __main__,
    conv,
    memory,
    parzen,
    peers,
    products,
    ranks,
    scale,
    startup,
    step,
    timing,
)
from tinygan.layers import Linear  # noqa: E402
from tinygan.ranks.group import Ranks  # noqa: E402

PEERS = {name: package for package, (_, names) in peers.PEERS.items() for name in names}


@pytest.fixture
def tiny():
    return replace(step.recipe().scaled(0.05), batch_size=4)


def by_name(findings):
    return {(finding.what, finding.size): finding for finding in findings}


def options(*words):
    return timing.parser("Any.").parse_args([*map(str, words)])


# Products


def test_an_iteration_takes_the_operations_of_the_paper_figure():
    assert products.gigaflops(step.recipe(), 784, 100) == pytest.approx(3.566784)


def test_the_formula_counts_what_the_list_of_products_counts(tiny):
    for recipe in (step.recipe(), tiny, replace(tiny, n_pieces=3, latent_dim=7)):
        listed = 1e9 * products.gigaflops(recipe, 30, recipe.batch_size)
        assert scale.operations(recipe, 30) == pytest.approx(listed)


def test_tinygan_does_just_these_products(tiny, monkeypatch):
    done = []

    def counted(name, rows_of):
        original = getattr(Linear, name)

        def call(self, *arguments, **options):
            done.append(2 * len(rows_of(arguments)) * self.n_in * self.n_out)
            return original(self, *arguments, **options)

        monkeypatch.setattr(Linear, name, call)

    iterate = step.iteration(tiny, step.made_images(8, 30))
    iterate()  # what train does first, such as trying the players out, is none of an iteration
    for name in ("forward", "backward_input", "backward_params"):
        counted(name, lambda arguments: arguments[0])
    iterate()
    assert sum(done) / 1e9 == pytest.approx(products.gigaflops(tiny, 30, tiny.batch_size))


@pytest.mark.parametrize("one_batch", [True, False])
def test_the_products_alone_are_done_in_arrays_of_the_right_shapes(one_batch, tiny):
    made, done = [], []

    def new(shape):
        made.append(shape)
        return np.ones(shape, np.float32)

    def matmul(left, right, out):
        done.append(np.matmul(left, right, out=out).shape)

    run = products.runner(tiny, 30, 4, new, matmul, one_batch=one_batch)
    n_made = len(made)
    run()
    run()
    assert len(made) == n_made  # nothing is allocated while it is timed
    assert len(done) == 2 * len(products.iteration(4, one_batch=one_batch))
    assert ((8, 1) in done) == one_batch


# Peers


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_computes_what_tinygan_computes(name):
    pytest.importorskip(PEERS[name])
    found, _ = peers.find_peers()
    assert peers.disagreement(found[name], step.recipe(), 784) < peers.AGREEMENT


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_does_whole_iterations(name, tiny):
    pytest.importorskip(PEERS[name])
    found, _ = peers.find_peers()
    recipe = replace(tiny, irange_d=0.1, learning_rate=1.0)  # so that nothing moves by less than its rounding
    D, G = peers.players(recipe, 30)
    peer = found[name](recipe, D, G, step.made_images(8, 30), 0, "cpu")
    before = peer.parameters()
    peer()
    peer()
    after = peer.parameters()
    assert all(np.isfinite(theta).all() for theta in after)
    assert all((old != new).any() for old, new in zip(before, after, strict=True))


class Wrong:
    """Tinygan itself, but D learns twice as fast."""

    def __init__(self, recipe, D, G, images, seed, device):
        self.D, self.G = peers.players(recipe, 30)
        self.D.parameters[-1].data[...] = D.parameters[-1].data
        self.optimizer_d, self.optimizer_g = recipe.optimizers(self.D, self.G)
        self.optimizer_d.learning_rate *= self.factor

    factor = 2

    def update(self, x, z_d, z_g):
        loss_d = peers.discriminator_step(self.D, self.G, x, z_d, self.optimizer_d, rng=0)
        return loss_d, peers.generator_step(self.D, self.G, z_g, self.optimizer_g, rng=0)

    def parameters(self):
        return [theta.data.copy() for theta in self.D.parameters + self.G.parameters]

    def __call__(self):
        raise AssertionError("a wrong peer must not be timed")


class Right(Wrong):
    factor = 1


def test_a_peer_that_computes_something_else_is_noticed():
    assert peers.disagreement(Right, step.recipe(), 30) == 0
    assert peers.disagreement(Wrong, step.recipe(), 30) > 0.1


def test_a_peer_that_computes_something_else_is_not_timed(tiny, monkeypatch):
    monkeypatch.setattr(step, "find_peers", lambda: ({"wrong": Wrong}, {}))
    finding = by_name(step.measure(tiny, step.made_images(8, 30), 1, warm_up=0))["step / wrong", "batch 4"]
    assert finding.value is None
    assert "computes something else" in finding.verdict


def test_peers_that_are_not_installed_are_reported_as_absent(tiny, monkeypatch):
    for package, (module, _) in peers.PEERS.items():
        monkeypatch.setitem(sys.modules, package, None)  # an import of it raises
        monkeypatch.delitem(sys.modules, module, raising=False)
    findings = by_name(step.measure(tiny, step.made_images(8, 30), 1, warm_up=0))
    for name, package in PEERS.items():
        finding = findings[f"step / {name}", "batch 4"]
        assert finding.value is None
        assert finding.cells()[2] == "absent"
        assert f"{package} is not installed" in finding.verdict


def test_the_order_of_the_peers_takes_every_example_once_an_epoch():
    order = peers.Order(7, 3, seed=0)
    for _ in range(2):
        epoch = np.concatenate([order(), order()])
        assert len(set(epoch)) == 6
        assert set(epoch) <= set(range(7))


# What is measured


def test_a_step_is_held_against_its_products_and_the_peers(tiny, monkeypatch):
    monkeypatch.setattr(step, "find_peers", lambda: ({}, dict.fromkeys(PEERS, "left out")))
    findings = step.measure(tiny, step.made_images(8, 30), 3, warm_up=0)
    whats = [finding.what for finding in findings if finding.in_table]
    assert whats[0].removeprefix("step / ") in step.PRODUCTS
    assert whats[1:] == [f"step / {name}" for name in PEERS]
    bars = {finding.what: finding.bar for finding in findings if finding.bar}
    assert bars == {whats[0]: 1.35, "step / PyTorch eager, tuned": 1.0}
    assert all(finding.value > 0 for finding in findings if finding.value is not None)


def test_without_a_gpu_the_step_says_so(monkeypatch, capsys):
    if find_spec("cupy"):
        pytest.skip("CuPy is installed")
    monkeypatch.setattr(sys, "argv", ["step", "--quick", "--device", "gpu"])
    with pytest.raises(SystemExit, match="no GPU"):
        step.main()


def test_the_search_is_right_and_weighed():
    findings = by_name(parzen.measure(60, 40, 20, 1))
    assert findings["memory of the search", "60 x 60 x 20"].value > 0
    errors = [finding for finding in findings.values() if finding.unit == "nats"]
    assert len(errors) == 3
    assert all(finding.verdict == "met" for finding in errors)
    assert findings["search / one float32 matrix product", "60 x 60 x 20"].bar is None  # too small to tell


def test_starting_is_compared_with_starting_less():
    findings = by_name(startup.measure(1))
    assert findings["import numpy, tinygan", "beyond import numpy"].bar == 60
    assert findings["tinygan --help", "beyond python -c pass"].bar == 250


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the most that was resident")
def test_training_is_weighed():
    (finding,) = memory.measure(500)
    assert 20 < finding.value < 250  # the parameters, velocities and gradients alone are 45


def test_where_the_system_does_not_tell_the_memory_is_absent(monkeypatch):
    monkeypatch.setattr(memory.Path, "exists", lambda path: False)
    (finding,) = memory.measure(500)
    assert finding.value is None
    assert finding.verdict == "this system does not tell"


def test_the_formulas_give_what_is_counted_in_a_real_network(tiny):
    D, G = peers.players(tiny, 30)
    assert scale.parameters(tiny, 30) == sum(theta.data.size for theta in D.parameters + G.parameters)


def test_costs_at_several_sizes_are_held_against_the_formulas(tiny):
    findings = scale.step_findings(tiny, [replace(tiny, batch_size=8)], 1, d=30)
    findings += scale.search_findings(30, [(40, 30)], 1, d=20)
    assert [finding.what for finding in findings if finding.in_table] == [
        "one operation of a step",
        "one parameter of a step",
        "one entry of a step",
        "time of a step / formula",
        "memory of training / formula",
        "one pair of a search",
        "time of a search / formula",
        "memory of a search / formula",
    ]


def test_the_memory_of_training_is_what_the_formula_says():
    recipe = replace(step.recipe().scaled(0.25), batch_size=200)
    images = step.made_images(400, 784)

    def two_iterations():
        iterate = step.iteration(recipe, images)
        iterate()
        iterate()

    peak = timing.megabytes(two_iterations)
    assert peak == pytest.approx(scale.step_megabytes(recipe, 784), rel=0.25)


# How it is reported


FINDINGS = [
    timing.Finding("a / b", "batch 1", 1.234, quartiles=(1.1, 1.3), bar=1.2),
    timing.Finding("c / d", "batch 1", 0.5, bar=1.0),
    timing.Finding("e", "", 12.34, "ms"),
    timing.Finding("f", "", None, bar=3.0, note="f is not installed"),
    timing.Finding("hidden", "", 7.0, "s", in_table=False),
]


def test_the_table_and_the_files_hold_what_was_found(tmp_path, capsys):
    chosen = options("--json", tmp_path / "new" / "numbers.json", "--markdown", tmp_path / "table.md")
    assert timing.report(FINDINGS, chosen) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[1].split() == ["a", "/", "b", "batch", "1", "1.23", "1.10", "to", "1.30", "<=", "1.20", "missed"]
    assert printed[2].split()[-1] == "met"
    assert "absent" in printed[4]
    assert "f is not installed" in printed[4]
    assert not any("hidden" in line for line in printed)

    numbers = json.loads((tmp_path / "new" / "numbers.json").read_text(encoding="utf-8"))
    assert [finding["value"] for finding in numbers["findings"]] == [1.234, 0.5, 12.34, None, 7.0]
    setting = numbers["setting"]
    assert setting["versions"]["numpy"] == np.__version__
    assert setting["processor"]
    assert setting["threads"] == 1

    table = (tmp_path / "table.md").read_text(encoding="utf-8").splitlines()
    assert table[2] == "| what | size | measured | quartiles | bar |  |"
    assert table[4] == "| a / b | batch 1 | 1.23 | 1.10 to 1.30 | <= 1.20 | missed |"
    assert np.__version__ in table[-1]


def test_small_sizes_have_no_bars(capsys):
    assert timing.report(FINDINGS, options("--quick")) == 0
    assert "missed" not in capsys.readouterr().out


def test_calls_take_turns_after_a_warm_up():
    ticks, order = iter(range(100)), []
    calls = {name: lambda name=name: order.append(name) for name in "ab"}
    times = timing.seconds(calls, 2, warm_up=1, clock=lambda: next(ticks))
    assert order == ["a", "b"] * 3
    assert {name: list(taken) for name, taken in times.items()} == {"a": [1, 1], "b": [1, 1]}


def test_the_most_memory_held_at_one_time_is_weighed():
    def hold():
        first = np.ones(10**6)
        del first
        np.ones(2 * 10**6)

    assert timing.megabytes(hold) == pytest.approx(16, rel=0.01)


def test_all_of_it_makes_one_report(monkeypatch, tmp_path, capsys):
    for i, part in enumerate((step, memory, parzen, startup, scale)):
        monkeypatch.setattr(part, "findings", lambda *, quick, i=i: [timing.Finding(f"what {i}", "", float(i))])
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--json", str(tmp_path / "numbers.json")])
    with pytest.raises(SystemExit) as stopped:
        __main__.main()
    assert stopped.value.code == 0
    numbers = json.loads((tmp_path / "numbers.json").read_text(encoding="utf-8"))
    assert [finding["what"] for finding in numbers["findings"]] == [f"what {i}" for i in range(5)]


def test_the_page_has_the_table_of_the_file_of_numbers():
    numbers = json.loads((ROOT / "docs" / "results" / "performance.json").read_text(encoding="utf-8"))
    assert not numbers["quick"]
    table = timing.markdown([timing.Finding(**finding) for finding in numbers["findings"]], numbers["setting"])
    assert (ROOT / "docs" / "performance_table.md").read_text(encoding="utf-8") == table


# Ranks


def test_ranks_are_timed_against_one_of_them(tiny):
    found = ranks.measure(tiny, step.made_images(8, 30), Ranks(), rounds=2)
    assert [finding.what for finding in found] == [
        "an iteration of one process",
        "an iteration of 1 ranks",
        "1 ranks / one process",
    ]
    assert all(finding.value > 0 and finding.size == "batch 4" for finding in found)


# Convolutions


@pytest.fixture
def tiny_games():
    games = [("paper", lambda: conv.paper(1 / 32), 3072), ("dcgan", lambda: conv.dcgan(2, 4), 784)]
    return [conv.Game(name, build, n_pixels, 4, 1, 0.5, 40) for name, build, n_pixels in games]


def test_a_step_of_convolutions_is_held_against_pytorch_where_it_is_installed(tiny_games):
    for game in tiny_games:
        found = by_name(conv.measure(game, 1))
        ratio = found[f"{game.name}: step / PyTorch eager", "batch 4"]
        assert (ratio.value is None) == (find_spec("torch") is None)
        assert ratio.note.startswith(("torch is not installed", "channels"))
        assert 0 < found[f"{game.name}: memory of a step", "batch 4"].value < 40


@pytest.mark.slow
def test_convolutions_in_pytorch_compute_the_same(tiny_games):
    pytest.importorskip("torch")
    from benchmarks import peers_torch_conv

    for game in tiny_games:
        D, G = game.build()
        assert peers_torch_conv.disagreement(D, G, *game.batches(), conv.step) < conv.AGREEMENT
        wrong = peers_torch_conv.disagreement(D, G, *game.batches(), lambda *anything: lambda: None)
        assert wrong > conv.AGREEMENT  # ours did not take its step
