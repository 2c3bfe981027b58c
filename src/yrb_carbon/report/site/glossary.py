"""Words for the values that a configuration chooses from."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup, escape

from yrb_carbon.panel.schema import Entry
from yrb_carbon.report.cells import COVARIANCE_NOTES
from yrb_carbon.report.site.bilingual import PageWords, Text


def source_text(entry: Entry, words: PageWords) -> Text:
    """Source of a formula or column; one without a Chinese text is marked as English."""
    return marked_english(entry.source, entry.source_zh, words)


def marked_english(english: str, chinese: str | None, words: PageWords) -> Text:
    """A text in both languages; one without a Chinese text is marked as English."""
    marked = Markup('<span lang="en">{}</span>').format(english)
    said = marked if chinese is None else escape(chinese)
    return words.markup(lambda own: said if own.language == "zh" else escape(english))


def glossary(words: PageWords) -> dict[str, Mapping[str, Text]]:
    """What the values of the configuration mean, by the name that the template knows them by."""
    return {
        "covariance_words": {name: words(note) for name, note in COVARIANCE_NOTES.items()},
        "model_words": {
            "ols": words("no spatial term; within least squares, errors clustered by unit."),
            "slx": words("lags of the regressors."),
            "sar": words("lag of the outcome."),
            "sem": words("lag of the error."),
            "sdm": words("lags of the outcome and of the regressors."),
            "sdem": words("lags of the regressors and of the error."),
        },
        "effects_words": {
            "none": words("no fixed effects"),
            "unit": words("fixed effects of units"),
            "time": words("fixed effects of years"),
            "twoway": words("fixed effects of units and years"),
        },
        "scheme_words": {
            "queen": words("polygons that share a point"),
            "rook": words("polygons that share an edge"),
            "invd": words("all, by distance"),
            "invd2": words("all, by squared distance"),
            "invd_cut": words("those nearer than the smallest distance that leaves nobody alone"),
            "knn": words("the k nearest; ties go to the smaller code"),
            "expd": words("all, by distance over its mean"),
            "econ": words("all, by the gap of mean GDP per head"),
            "nested_add": words("sum of weights by distance and by GDP, both by rows"),
            "nested_mul": words("distance times relative GDP per head"),
            "gravity": words("product of mean GDP over squared distance"),
            "file": words("as in a file of the study"),
        },
        "standard_words": {
            "row": words("rows sum to one"),
            "spectral": words("by the largest eigenvalue"),
            "minmax": words("by the smaller of the largest row and column sums"),
            "none": words("not"),
        },
        "interval_words": {
            "percentile": words("by percentiles"),
            "corrected": words("corrected for bias"),
        },
        "bootstrap_words": {
            "wild_unit": words(
                "one random sign a unit over all years, one set of signs for the mediators and "
                "another for the outcome; holds for errors correlated over time"
            ),
            "year": words(
                "whole years of residuals drawn with replacement; holds for errors correlated "
                "between units and independent over time"
            ),
        },
        "split_words": {
            "period": words("boom and transition"),
            "reach": words("upper, middle and lower reaches"),
            "resource_class": words("class of resource-based city"),
            "agglomeration": words("mean treatment above and below a threshold"),
        },
        "form_words": {
            "subset": words("each by itself"),
            "full_interaction": words("full interaction"),
        },
        "design_words": {
            "full": words("all combinations"),
            "one_at_a_time": words("one at a time"),
            "list": words("those listed only"),
        },
        "axis_words": {
            "outcome": words("Outcome"),
            "treatment": words("Treatment"),
            "weights": words("Weights"),
            "sample": words("Sample"),
            "model": words("Spatial model"),
            "lag": words("Lag in years"),
            "mediators": words("Set of mediators"),
            "controls": words("Set of controls"),
        },
        "dynamic_words": {
            "adjusted_score": words("the adjusted score"),
            "bias_corrected": words("QML with a correction of its bias"),
            "qml": words("QML"),
        },
    }
