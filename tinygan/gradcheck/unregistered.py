"""Look at what a layer computes with but does not list as parameters, since no other check sees it."""

from dataclasses import replace

import numpy as np

from tinygan.gradcheck.comparison import not_looked_at, report_on
from tinygan.gradcheck.remark import Remark
from tinygan.gradcheck.report import Report
from tinygan.gradcheck.subjects.leaves import leaves
from tinygan.gradcheck.subjects.passes import Passes
from tinygan.gradcheck.subjects.subject import LayerSubject, location
from tinygan.gradcheck.subjects.written import BackwardRaised, Written, name_of
from tinygan.layers import Layer


def with_unregistered(
    report: Report, layer: Layer, subject: LayerSubject, seed: int, rng: np.random.Generator, tolerance: float
) -> Report:
    """Return the report on a layer with rows for arrays that have a gradient beside them, and remarks on all others.

    A layer may forget ``self.parameters``, or keep ``self.W`` and ``self.dW`` as plain arrays. Then it is checked a
    second time, as a class that knows nothing of this library.

    Parameters
    ----------
    report : Report
        The report on what the layer lists as its parameters.
    layer : Layer
        A copy of the layer as it was before the check, which left gradients behind.
    """
    ids = {id(theta.data) for theta in subject.place.learned.values()}
    listed = {("self", *path) for path, array in leaves(subject.layer) if id(array) in ids}
    paths = {("self", *path) for path, _ in leaves(layer)} - listed
    if not paths or layer.layers or subject.place.device != "cpu":
        return report
    kind = type(layer)
    try:
        written = Written(subject.name, Passes(kind.forward, kind.backward), {"self": layer, **subject.inputs}, seed)
    except BackwardRaised:  # the report on the layer says it
        return report
    names = [name for path, name in written.names.items() if path in paths]
    written.unlooked = [name for name in written.unlooked if name not in map(name_of, listed)]
    remarks = [*report.remarks, *not_looked_at(written)]
    if not names:
        return replace(report, remarks=remarks)
    found = report_on(written, seed, rng, tolerance)
    words = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not in self.parameters, so no optimiser will"
    remarks.append(
        Remark("not_registered", f"{words} move {'it' if len(names) == 1 else 'them'}.", location(kind.__init__))
    )
    return replace(
        report,
        rows=[*report.rows, *(row for row in found.rows if row.tensor in names)],
        suspects=[*report.suspects, *(suspect for suspect in found.suspects if suspect.tensor in names)],
        remarks=remarks,
    )
