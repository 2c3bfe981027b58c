"""Classes of maps: where values are cut, in what colours, and what the legend says of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yrb_carbon.errors import DataError
from yrb_carbon.report.language import Words, message
from yrb_carbon.study.figure_base import ClassesSection

FloatArray = npt.NDArray[np.float64]

SEQUENTIAL, DIVERGING = "YlGnBu", "PuOr"
"""ColorBrewer schemes that colour-blind readers can tell apart (Harrower & Brewer 2003)."""
PALEST, DARKEST = 0.08, 0.95
"""Ends of the sequential colours that are used, of the whole ramp."""
NEAR_MIDDLE, FAR_END = 0.36, 0.06
"""The same of each side of the diverging colours."""
MIDDLE = "#F7F7F7"
"""Of a class that holds the centre."""
NO_DATA_COLOUR = "#D9D9D9"

SIDES = message("one colour below {centre}, another above it, the darker the farther from it")
ONE_SIDE = message("the darker the higher")
SCHEME_WORDS: Mapping[str, str] = {
    "natural_breaks": message("natural breaks"),
    "quantiles": message("quantiles"),
    "equal_interval": message("equal intervals"),
    "user": message("classes as chosen"),
}


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes of a legend.

    Attributes
    ----------
    edges : ndarray, (m + 1,)
        Rising; class j holds edges[j] < v ≤ edges[j+1], the first one its lower edge too. The
        ends of classes by choice are infinite.
    colours : tuple of m str
    two_sided : bool
        Whether a centre parts the classes.
    """

    edges: FloatArray
    colours: tuple[str, ...]
    two_sided: bool = False

    def index(self, values: FloatArray) -> npt.NDArray[np.intp]:
        """Class of each value, −1 for values that are not finite."""
        inner = np.searchsorted(self.edges[1:-1], values, side="left")
        return np.where(np.isfinite(values), inner, -1).astype(np.intp)

    def counts(self, values: FloatArray) -> list[int]:
        """Values in each class."""
        found = self.index(values)
        return [int((found == j).sum()) for j in range(len(self.colours))]

    def paint(self, values: FloatArray) -> list[str]:
        """Colour of each value."""
        return [self.colours[j] if j >= 0 else NO_DATA_COLOUR for j in self.index(values)]


@dataclass(frozen=True, slots=True)
class Ramp:
    """Colours without classes.

    Attributes
    ----------
    low, high : float
        Ends of the values.
    centre : float or None
        Value in the middle of two hues; both sides then reach equally far.
    """

    low: float
    high: float
    centre: float | None = None

    @property
    def two_sided(self) -> bool:
        """Whether a centre parts the colours."""
        return self.centre is not None

    def paint(self, values: FloatArray) -> list[str]:
        """Colour of each value."""
        if self.centre is None:
            share = (values - self.low) / ((self.high - self.low) or 1.0)
            name, places = SEQUENTIAL, PALEST + (DARKEST - PALEST) * share
        else:
            reach = max(self.high - self.centre, self.centre - self.low)
            name, places = DIVERGING, 0.5 - (0.5 - FAR_END) * (values - self.centre) / reach
        return [
            _colours(name, [place])[0] if np.isfinite(place) else NO_DATA_COLOUR for place in places
        ]


def classify(
    values: FloatArray, section: ClassesSection | None = None, centre: float | None = None
) -> Classes | Ramp:
    """Cut values into classes with colours.

    Parameters
    ----------
    values : ndarray
    section : ClassesSection, optional
        Scheme and number of classes; natural breaks, five, when left out.
    centre : float, optional
        Where values lie on both sides of it, each side is cut by itself and has a hue of its own.

    Raises
    ------
    DataError
        If no value is finite.
    """
    wanted = section or ClassesSection()
    finite = _finite(values)
    low, high = float(finite[0]), float(finite[-1])
    parting = centre if centre is not None and low < centre < high else None
    if wanted.scheme == "continuous":
        return Ramp(low, high, parting)
    if wanted.scheme == "user":
        return _chosen_classes(wanted.limits, parting)
    return cut_classes(finite, wanted.scheme, wanted.k, parting)


def cut_classes(values: FloatArray, scheme: str, k: int, centre: float | None = None) -> Classes:
    """Classes by a scheme, on each side of a centre where values lie on both.

    Parameters
    ----------
    values : ndarray
    scheme : {"natural_breaks", "quantiles", "equal_interval"}
    k : int
        Number of classes; fewer where values coincide.
    centre : float, optional

    Raises
    ------
    DataError
        If no value is finite.
    """
    finite = _finite(values)
    if centre is None or k < 2 or not finite[0] < centre < finite[-1]:
        edges = calc_edges(finite, k, scheme)
        return Classes(edges, _sequential(len(edges) - 1))
    return _two_sided(finite, scheme, k, centre)


def _finite(values: FloatArray) -> FloatArray:
    """Finite values, sorted."""
    finite = np.sort(values[np.isfinite(values)])
    if not finite.size:
        raise DataError("a map needs at least one finite value")
    return finite


def _two_sided(values: FloatArray, scheme: str, k: int, centre: float) -> Classes:
    """Classes on each side of a centre, in number as the values lie there."""
    low, high = values[values <= centre], values[values > centre]
    least = 2 if k >= 4 else 1
    n_low = int(np.clip(round(k * low.size / values.size), least, k - least))
    below = np.append(calc_edges(low, n_low, scheme)[:-1], centre)
    above = calc_edges(high, k - n_low, scheme)[1:]
    below = below[: int(np.searchsorted(below, centre)) + 1]
    colours = _diverging(len(below) - 1, len(above))
    return Classes(np.concatenate([below, above]), colours, two_sided=True)


def _chosen_classes(limits: Sequence[float], centre: float | None) -> Classes:
    """Classes between limits, open at both ends."""
    edges = np.array([-np.inf, *limits, np.inf])
    if centre is None:
        return Classes(edges, _sequential(len(edges) - 1))
    below = int((edges[1:] <= centre).sum())
    above = int((edges[:-1] >= centre).sum())
    sides = _diverging(below, above)
    holding = (MIDDLE,) * (len(edges) - 1 - below - above)
    return Classes(edges, (*sides[:below], *holding, *sides[below:]), two_sided=True)


def calc_edges(values: FloatArray, k: int, scheme: str) -> FloatArray:
    """Edges of classes by a scheme.

    natural_breaks: the cut with the least sum of squares within classes (Fisher 1958, Journal of
    the American Statistical Association 53:789-798; Jenks 1977), found exactly.
    quantiles: e_j = Q(j/k), j = 0..k, by linear interpolation. equal_interval: equal widths.

    Parameters
    ----------
    values : ndarray, finite
    k : int
        Classes; fewer where values coincide.
    scheme : {"natural_breaks", "quantiles", "equal_interval"}

    Returns
    -------
    ndarray, (m + 1,), m ≤ k, the smallest value first, the largest last.
    """
    distinct = np.unique(values)
    first, last = distinct[0], distinct[-1]
    k = min(k, len(distinct))
    if k == 1:
        return np.array([first, last])
    if scheme == "natural_breaks":
        inner = _natural_breaks(values, k)
    else:
        shares = np.linspace(0.0, 1.0, k + 1)[1:-1]
        is_even = scheme == "equal_interval"
        inner = first + shares * (last - first) if is_even else np.quantile(values, shares)
    alone = bool((inner == first).any()) and not (inner[inner > first] < distinct[1]).any()
    # a class of the smallest value alone needs an edge above it
    above = [(first + distinct[1]) / 2] if alone else []
    inner = inner[(inner > first) & (inner < last)]
    return np.unique(np.concatenate([[first], above, inner, [last]]))


def _natural_breaks(values: FloatArray, k: int) -> FloatArray:
    """Upper limits of all natural classes but the last, by Fisher's recursion.

    With x sorted and D(i, j) the sum of squares of x_i .. x_j around their mean, the least sum
    within c classes of x_1 .. x_j is

        S(c, j) = min over i of S(c - 1, i - 1) + D(i, j),    S(1, j) = D(1, j).

    Of equal sums the one with the smallest i, as mapclassify has it. Its own function is not
    called: it sums squares in single precision, and brings scikit-learn with it.
    """
    ordered = np.sort(values)
    x = ordered - ordered.mean()
    sums, squares = (np.concatenate([[0.0], np.cumsum(power)]) for power in (x, x**2))
    least = np.full((k, x.size + 1), np.inf)
    starts = np.zeros((k, x.size + 1), dtype=np.intp)
    for j in range(1, x.size + 1):
        # of each class that ends at j, by where it starts
        sizes = np.arange(j, 0, -1)
        within = squares[j] - squares[:j] - (sums[j] - sums[:j]) ** 2 / sizes
        together = least[:-1, :j] + within
        starts[1:, j] = together.argmin(axis=1)
        least[:, j] = within[0], *together.min(axis=1)
    ends = [x.size]
    for row in starts[:0:-1]:
        ends.append(int(row[ends[-1]]))
    return np.asarray(ordered[np.array(ends[:0:-1]) - 1])


def class_intervals(edges: FloatArray, words: Words) -> list[str]:
    """Texts `a to b` with the decimals that the nearest two edges need to differ in two digits."""
    ends = edges[np.isfinite(edges)]
    steps = np.diff(ends)
    finest = float(steps[steps > 0].min()) if (steps > 0).any() else max(abs(float(ends[0])), 1.0)
    decimals = max(0, 1 - int(np.floor(np.log10(finest))))

    def said(edge: float) -> str:
        return f"{edge:,.{decimals}f}".replace("-", "−")

    texts = []
    for low, high in itertools.pairwise(map(float, edges)):
        if np.isinf(low):
            texts.append(words("up to {high}", high=said(high)))
        elif np.isinf(high):
            texts.append(words("above {low}", low=said(low)))
        else:
            texts.append(words("{low} to {high}", low=said(low), high=said(high)))
    return texts


def classes_note(section: ClassesSection, cut: Classes | Ramp, centre: float | None,
                 words: Words, *, by_year: bool) -> str:  # fmt: skip
    """How the classes are cut, and what the numbers in brackets count."""
    if isinstance(cut, Ramp):
        return ""
    parts = [words("Classes: {scheme}", scheme=words(SCHEME_WORDS[section.scheme]))]
    if cut.two_sided and centre is not None and section.scheme != "user":
        parts.append(words("on each side of {centre}", centre=f"{centre:g}".replace("-", "−")))
    if by_year:
        parts.append(words("common to all years shown; unit-years in brackets"))
    else:
        parts.append(words("units in brackets"))
    return words.clauses(parts)


def shades_text(cut: Classes | Ramp, centre: float | None, words: Words) -> str:
    """What light and dark colours mean."""
    return words(SIDES, centre=f"{centre:g}") if cut.two_sided else words(ONE_SIDE)


def _sequential(count: int) -> tuple[str, ...]:
    return _colours(SEQUENTIAL, np.linspace(PALEST, DARKEST, count))


def _diverging(below: int, above: int) -> tuple[str, ...]:
    """Colours of some classes below a centre and some above, palest next to it."""
    shades = np.linspace(NEAR_MIDDLE, FAR_END, max(below, above, 1))
    return _colours(DIVERGING, [*shades[:below][::-1], *(1.0 - shades[:above])])


def _colours(name: str, positions: Sequence[float] | FloatArray) -> tuple[str, ...]:
    """Colours of a map at positions from 0 to 1."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return tuple(to_hex(colormaps[name](float(position))) for position in positions)
