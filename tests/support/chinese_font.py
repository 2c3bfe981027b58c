"""Marker of tests that draw Chinese texts."""

from __future__ import annotations

import pytest

from yrb_carbon.report.fonts import cjk_font

needs_chinese_font = pytest.mark.skipif(
    cjk_font() is None, reason="no font with Chinese characters here"
)
