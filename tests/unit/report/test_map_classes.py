"""Classes of maps: where values are cut, colours that colour-blind readers can tell apart."""

from __future__ import annotations

import itertools
import subprocess
import sys
import warnings

import numpy as np
import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.report.canvas import ABOVE_ZERO, AROUND_ZERO, BELOW_ZERO, REACH_COLOURS
from yrb_carbon.report.language import Words
from yrb_carbon.report.map_classes import (
    Classes,
    Ramp,
    calc_edges,
    class_intervals,
    classify,
    cut_classes,
)
from yrb_carbon.report.moran_figure import CLUSTER_COLOURS, NOT_SIGNIFICANT_COLOUR
from yrb_carbon.study.figure_base import MOST_CLASSES, ClassesSection

ENGLISH = Words("en")
SCHEMES = ("natural_breaks", "quantiles", "equal_interval")
SKEWED = np.random.default_rng(4).lognormal(size=120)
DEFICIENCIES = {
    "deuteranope": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                    [-0.011820, 0.042940, 0.968881]],
    "protanope": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                  [-0.003882, -0.048116, 1.051998]],
}  # fmt: skip
"""Linear RGB as seen without one kind of cones (Machado, Oliveira & Fernandes 2009, table 1)."""
JUST_TOLD_APART = 8.0
"""Distance in CIELAB: patches beside one another are told apart from about 2.3 on; those of a map
and its legend lie apart, for which several times that is asked."""


def test_quantile_classes_hold_equal_numbers():
    x = np.random.default_rng(0).permutation(np.arange(100.0))
    classes = cut_classes(x, "quantiles", 5)
    assert classes.counts(x) == [20] * 5
    assert classes.edges == pytest.approx(np.quantile(x, [0, 0.2, 0.4, 0.6, 0.8, 1]))
    assert not classes.two_sided
    assert len(set(classes.colours)) == 5


@pytest.mark.parametrize("offset", [0.0, 1e4], ids=["near zero", "far from zero"])
def test_natural_breaks_have_the_least_squares_within_classes(offset):
    """Far from zero, sums of squares in single precision lose the distances between values."""
    x = offset + np.array([1.0, 1.1, 1.3, 4.0, 4.2, 9.0, 9.1, 9.3, 9.4])

    def within(edges: np.ndarray) -> float:
        inside = np.searchsorted(edges[1:-1], x, side="left")
        return sum(float(np.var(x[inside == j]) * (inside == j).sum()) for j in set(inside))

    found = calc_edges(x, 3, "natural_breaks")
    assert len(found) == 4
    every = [np.array([x[0], *inner, x[-1]]) for inner in itertools.combinations(x[:-1], 2)]
    best = min(within(edges) for edges in every if len(np.unique(edges)) == 4)
    assert within(found) == pytest.approx(best)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_edges_are_those_of_mapclassify(scheme):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mapclassify

        name = {"natural_breaks": "FisherJenks", "quantiles": "Quantiles",
                "equal_interval": "EqualInterval"}[scheme]  # fmt: skip
        peer = mapclassify.classify(SKEWED, name, k=5)
    found = cut_classes(SKEWED, scheme, 5)
    assert found.edges[1:] == pytest.approx(peer.bins)
    assert found.counts(SKEWED) == peer.counts.tolist()


def test_edges_belong_to_the_class_below_and_missing_values_to_none():
    classes = cut_classes(np.array([0.0, 1, 2, 3, 4]), "quantiles", 2)
    assert classes.edges.tolist() == [0, 2, 4]
    index = classes.index(np.array([0.0, 2, 2.1, 4, np.nan, np.inf]))
    assert index.tolist() == [0, 0, 1, 1, -1, -1]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_values_that_coincide_give_fewer_classes(scheme):
    mostly = np.array([0.0] * 8 + [1, 2])
    classes = cut_classes(mostly, scheme, 5)
    assert sum(classes.counts(mostly)) == 10
    assert (np.diff(classes.edges) > 0).all()
    # the many zeros are no class with the others
    assert classes.index(np.array([0.0]))[0] != classes.index(np.array([1.0]))[0]
    constant = cut_classes(np.full(5, 7.0), scheme, 5)
    assert constant.index(np.full(5, 7.0)).tolist() == [0] * 5
    assert len(constant.colours) == 1


@pytest.mark.parametrize("k", [2, 3, 4, 5, 7])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_centre_parts_the_classes(scheme, k):
    x = np.concatenate([np.linspace(-9, -1, 30), np.linspace(0.5, 4, 10)])
    found = cut_classes(x, scheme, k, centre=0.0)
    assert found.two_sided
    assert 0.0 in found.edges
    assert len(found.colours) == len(found.edges) - 1 == k
    at = found.edges.tolist().index(0.0)
    assert (found.index(x[x <= 0]) < at).all()
    assert (found.index(x[x > 0]) >= at).all()
    assert (np.diff(found.edges) > 0).all()


def test_centre_outside_the_values_changes_nothing():
    x = np.linspace(1, 9, 30)
    with_centre, without = (classify(x, None, centre) for centre in (0.0, None))
    assert isinstance(with_centre, Classes)
    assert isinstance(without, Classes)
    assert with_centre.edges.tolist() == without.edges.tolist()
    assert with_centre.colours == without.colours


def test_limits_by_choice_are_open_at_the_ends():
    x = np.array([-4.0, -0.5, 0.2, 3.0, 90.0])
    section = ClassesSection(scheme="user", limits=(-1.0, 1.0, 50.0))
    found = classify(x, section)
    assert isinstance(found, Classes)
    assert found.counts(x) == [1, 2, 1, 1]
    assert class_intervals(found.edges, ENGLISH) == [
        "up to −1.0", "−1.0 to 1.0", "1.0 to 50.0", "above 50.0"
    ]  # fmt: skip
    parted = classify(x, section, centre=0.0)
    assert isinstance(parted, Classes)
    # one class below the centre, two above, one that holds it
    assert len(set(parted.colours)) == 4
    assert parted.colours[1] == "#F7F7F7"


def test_continuous_colours_go_from_end_to_end():
    x = np.array([0.0, 1.0, 2.0, np.nan])
    ramp = classify(x, ClassesSection(scheme="continuous"))
    assert isinstance(ramp, Ramp)
    assert len(set(ramp.paint(x))) == 4
    sides = classify(np.array([-1.0, 0.0, 4.0]), ClassesSection(scheme="continuous"), 0.0)
    low, middle, high = (np.array(rgb(colour)) for colour in sides.paint(np.array([-1.0, 0, 4])))
    # both sides reach equally far: a step of one is pale where four is full
    assert np.linalg.norm(low - middle) < np.linalg.norm(high - middle) / 2


def test_intervals_have_the_decimals_that_tell_edges_apart():
    assert class_intervals(np.array([0.1234, 0.1251, 7.0]), ENGLISH) == [
        "0.1234 to 0.1251", "0.1251 to 7.0000"
    ]  # fmt: skip
    assert class_intervals(np.array([0.0, 1000.0, 25000.0]), Words("zh")) == [
        "0 至 1,000", "1,000 至 25,000"
    ]  # fmt: skip


def test_what_cannot_be_cut():
    with pytest.raises(DataError, match="at least one finite value"):
        classify(np.array([np.nan]))


def rgb(colour: str) -> tuple[float, ...]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)


def lab(colour: str, deficiency: str | None) -> np.ndarray:
    """CIELAB (D65) of a colour as a reader sees it."""
    channels = np.array(rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    if deficiency is not None:
        linear = np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1)
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                       [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
    x, y, z = to_xyz @ linear / np.array([0.95047, 1.0, 1.08883])
    f = [np.cbrt(v) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


PALETTES = {
    "reaches": tuple(REACH_COLOURS.values()),
    "effects": (ABOVE_ZERO, BELOW_ZERO, AROUND_ZERO),
    "clusters": (*CLUSTER_COLOURS.values(), NOT_SIGNIFICANT_COLOUR),
    "one side": classify(np.arange(1.0, 60), ClassesSection(k=6)).colours,
    "two sides": classify(np.arange(-30.0, 30), ClassesSection(k=6), 0.0).colours,
}


@pytest.mark.parametrize("deficiency", [None, *DEFICIENCIES])
@pytest.mark.parametrize("name", PALETTES)
def test_colours_are_told_apart_by_every_reader(name, deficiency):
    for one, other in itertools.combinations(PALETTES[name], 2):
        distance = float(np.linalg.norm(lab(one, deficiency) - lab(other, deficiency)))
        assert distance > JUST_TOLD_APART, (one, other, distance)


def test_a_red_and_a_green_would_not_pass():
    red, green = "#C03A2B", "#3C9020"
    assert np.linalg.norm(lab(red, None) - lab(green, None)) > 10 * JUST_TOLD_APART
    seen = [lab(colour, "deuteranope") for colour in (red, green)]
    assert np.linalg.norm(seen[0] - seen[1]) < JUST_TOLD_APART


@pytest.mark.parametrize("k", range(2, MOST_CLASSES + 1))
def test_any_number_of_classes_has_as_many_colours(k):
    for centre in (None, 0.0):
        found = cut_classes(np.linspace(-1, 1, 200), "equal_interval", k, centre)
        assert len(set(found.colours)) == len(found.edges) - 1 == k


def test_drawing_maps_does_not_bring_scikit_learn():
    """It takes a second of every job that draws or describes a map."""
    code = (
        "import sys, numpy as np; from yrb_carbon.report.map_classes import classify; "
        "classify(np.arange(30.0)); print('sklearn' in sys.modules, 'scipy' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False"]
