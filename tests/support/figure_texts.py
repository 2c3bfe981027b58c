"""What stands on a figure, and figures kept instead of written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from yrb_carbon.report import press


def texts(figure: Any) -> list[str]:
    """All texts of a figure, empty ones left out."""
    from matplotlib.text import Text

    return [t.get_text() for t in figure.findobj(Text) if t.get_text()]


def said(figure: Any) -> str:
    """All texts of a figure in one line."""
    return " ".join(" ".join(texts(figure)).split())


def keep_figures(monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, Any]:
    """Figures by `name` and `zh/name`, filled when they would be written below a folder."""
    kept: dict[str, Any] = {}

    def keep(figure: Any, stem: Path, *_: Any, **__: Any) -> tuple[Path, ...]:
        kept[Path(stem).relative_to(folder).as_posix()] = figure
        return ()

    monkeypatch.setattr(press, "save_figure", keep)
    return kept
