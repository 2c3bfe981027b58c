"""Golden numbers are checked, and renewed only where the changelog says why."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pandas as pd
import pytest
from estimates_rows import sdm, written
from golden_numbers import (
    FOLDER,
    LARGEST,
    REPOSITORY,
    STUDIES,
    RenewalError,
    compare_with_golden,
    main,
    news,
    renew,
    unreleased,
)

from yrb_carbon.estimates import estimates_frame

FIRST = "# Changelog\n\n## [Unreleased]\n\n### Added\n- A line.\n\n## [0.1.0]\n- Old.\n"


def git(folder: Path, *arguments: str) -> None:
    name = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose golden numbers are committed, with a changelog."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "CHANGELOG.md").write_text(FIRST, encoding="utf-8")
    git(folder, "init", "-q")
    list(renew("demo", written(sdm(), tmp_path / "old.csv"), folder))
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """A run in which one coefficient moved by 1e-4 of its size."""
    frame = sdm()
    frame.loc[(frame["term"] == "lq") & (frame["vcov"] == "serial"), "estimate"] *= 1.0 + 1e-4
    return written(frame, tmp_path / "new.csv")


def test_numbers_are_kept_to_twelve_digits(repository: Path, tmp_path: Path):
    frame = sdm()
    frame["estimate"] *= 1 / 3
    list(renew("demo", written(frame, tmp_path / "third.csv"), tmp_path / "other"))
    found = compare_with_golden("demo", tmp_path / "third.csv", tmp_path / "other")
    assert found.same
    assert 0.0 < found.nearest < 5.1e-12
    names = [path.name for path in sorted((tmp_path / "other" / FOLDER / "demo").iterdir())]
    assert names == ["T4.csv", "T5.csv"]


def test_numbers_that_did_not_move_stay(repository: Path, tmp_path: Path):
    file = repository / FOLDER / "demo" / "T4.csv"
    before = file.stat().st_mtime_ns
    frame = sdm()
    frame["estimate"] *= 1.0 + 1e-9
    said = list(renew("demo", written(frame, tmp_path / "same.csv"), repository))
    assert said[-1] == "the golden numbers stay as they are"
    assert file.stat().st_mtime_ns == before


def test_renewal_demands_a_line_in_the_changelog(repository: Path, moved: Path):
    with pytest.raises(RenewalError, match=r"CHANGELOG\.md does not say why"):
        list(renew("demo", moved, repository))
    assert not compare_with_golden("demo", moved, repository).same

    changelog = repository / "CHANGELOG.md"
    changelog.write_text(FIRST.replace("- Old.", "- Old.\n- In another section."), "utf-8")
    with pytest.raises(RenewalError):
        list(renew("demo", moved, repository))

    changelog.write_text(FIRST.replace("- A line.", "- A line.\n- T4 moved."), "utf-8")
    said = list(renew("demo", moved, repository))
    assert said[said.index("CHANGELOG.md says:") + 1] == "- T4 moved."
    assert compare_with_golden("demo", moved, repository).same


def test_a_line_does_for_one_renewal(repository: Path, moved: Path, tmp_path: Path):
    (repository / "CHANGELOG.md").write_text(FIRST.replace("A line", "T4 moved"), "utf-8")
    list(renew("demo", moved, repository))
    git(repository, "commit", "-qam", "second")
    with pytest.raises(RenewalError):
        list(renew("demo", tmp_path / "old.csv", repository))


def test_tables_that_are_no_more_are_removed(repository: Path, tmp_path: Path):
    (repository / "CHANGELOG.md").write_text(FIRST.replace("A line", "No T5"), "utf-8")
    frame = sdm()
    smaller = written(frame[frame["table"] == "T4"], tmp_path / "smaller.csv")
    list(renew("demo", smaller, repository))
    assert [path.name for path in (repository / FOLDER / "demo").iterdir()] == ["T4.csv"]


def test_a_folder_without_history_is_refused(tmp_path: Path, moved: Path):
    list(renew("demo", written(sdm(), tmp_path / "old.csv"), tmp_path / "plain"))
    (tmp_path / "plain" / "CHANGELOG.md").write_text(FIRST, encoding="utf-8")
    with pytest.raises(RenewalError, match="git show"):
        list(renew("demo", moved, tmp_path / "plain"))


def test_sections_of_the_changelog():
    assert unreleased(FIRST) == ["- A line."]
    assert unreleased("# Changelog\n") == []
    assert news(FIRST, FIRST) == []
    assert news(FIRST, "") == ["- A line."]


def test_an_entry_that_is_wrapped_anew_is_not_news():
    long = FIRST.replace("- A line.", "- A line that goes\n  on and on.")
    wrapped = FIRST.replace("- A line.", "- A line\n  that goes on\n  and on.")
    assert unreleased(long) == unreleased(wrapped) == ["- A line that goes on and on."]
    assert news(wrapped, long) == []


def test_numbers_of_another_study_are_refused(repository: Path, tmp_path: Path):
    other = written(sdm().assign(study="other"), tmp_path / "else.csv")
    with pytest.raises(RenewalError, match="numbers of \\['other'\\], not of 'demo'"):
        list(renew("demo", other, repository))


def test_exit_codes(
    repository: Path, moved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["check", "demo", str(moved)], repository) == 1
    assert "different:" in capsys.readouterr().out
    assert main(["check", "demo", str(moved), "--markdown"], repository) == 1
    assert capsys.readouterr().out.startswith("**different:")
    assert main(["check", "demo", str(tmp_path / "old.csv")], repository) == 0
    assert "different:" not in capsys.readouterr().out
    assert main(["check", "demo", str(tmp_path / "absent")], repository) == 2
    assert "no such file" in capsys.readouterr().err


def test_the_golden_numbers_that_ship_are_those_that_are_checked():
    found = STUDIES["demo"].folder(REPOSITORY)
    assert {"T4.csv", "D4.csv"} <= {path.name for path in found.iterdir()}


MORE = LARGEST + 5


def embodied(table: str, **cells: object) -> dict[str, object]:
    return {
        "study": "demo", "table": table, "outcome": "co2", "spec": "provinces",
        "quantity": "value", "year": 2012, "n_units": 31, "estimator": "input_output", **cells,
    }  # fmt: skip


def kept(rows: list[dict[str, object]], folder: Path) -> pd.DataFrame:
    """What the demonstration keeps of a run with these rows and one of another table."""
    frame = pd.concat([estimates_frame(rows), sdm()], ignore_index=True)
    found = STUDIES["demo"].rows_of(written(frame, folder / "estimates.csv")).frame
    assert len(found) == len(found[found["table"].str.startswith("B")]) + len(sdm())
    return found[found["table"].str.startswith("B")]


@pytest.mark.parametrize("table", ["B1", "B2", "B7"])
def test_small_tables_of_embodied_carbon_are_whole(tmp_path: Path, table: str):
    rows = [embodied(table, term=str(i), estimate=float(i)) for i in range(MORE)]
    assert len(kept(rows, tmp_path)) == MORE


def test_of_contributions_the_shares_are_kept(tmp_path: Path):
    rows = [
        embodied("B3", model="upstream", term=f"S{i}", quantity=quantity, estimate=0.5)
        for i in range(MORE)
        for quantity in ("value", "share")
    ]
    found = kept(rows, tmp_path)
    assert set(found["quantity"]) == {"share"}
    assert len(found) == MORE


def test_of_flows_the_largest_of_each_definition_year_and_sum_are_kept(tmp_path: Path):
    groups = [
        {"model": model, "equation": equation, "year": year}
        for model in ("producer", "final")
        for equation in ("", "net")
        for year in (2012, 2017)
    ]
    rows = [
        embodied("B4", **group, term=f"{i:02}", estimate=(-1.0) ** i * (i + 1))
        for group in groups
        for i in range(MORE)
    ]
    found = kept(rows, tmp_path)
    assert len(found) == LARGEST * len(groups)
    assert found["estimate"].abs().min() == MORE - LARGEST + 1
    assert (found["estimate"] < 0).any()


def test_equal_flows_are_kept_by_their_keys_whatever_their_order(tmp_path: Path):
    rows = [embodied("B4", model="final", term=f"{i:02}", estimate=1.0) for i in range(MORE)]
    names = [f"{i:02}" for i in range(LARGEST)]
    assert sorted(kept(rows, tmp_path)["term"]) == names
    assert sorted(kept(rows[::-1], tmp_path)["term"]) == names


def test_of_networks_the_whole_and_the_key_regions_are_kept(tmp_path: Path):
    equations = ("network", "key", "position", "link", "pagerank", "is_key", "image")
    rows = [embodied("B5", equation=name, term="11", estimate=1.0) for name in equations]
    assert set(kept(rows, tmp_path)["equation"]) == {"network", "key", "position"}


def test_of_paths_the_depths_and_the_largest_of_a_year_are_kept(tmp_path: Path):
    sums = [
        embodied("B6", equation=equation, term=str(depth), quantity=quantity, estimate=0.0)
        for equation in ("depth", "listed")
        for depth in range(4)
        for quantity in ("value", "share")
    ]
    paths = [
        embodied(
            "B6", equation=f"depth {i % 4}", term=f"{i:02}", quantity=quantity, year=year,
            estimate=float(i),
        )
        for i in range(MORE)
        for quantity in ("value", "share")
        for year in (2012, 2015)
    ]  # fmt: skip
    found = kept([*paths, *sums], tmp_path)
    of_sums = found["equation"].isin(["depth", "listed"])
    assert of_sums.sum() == len(sums)
    left = found[~of_sums]
    assert set(left["term"]) == {f"{i:02}" for i in range(MORE - LARGEST, MORE)}
    assert (left.groupby(["year", "quantity"]).size() == LARGEST).all()


def test_a_flow_that_moved_is_told_and_a_small_one_is_not(tmp_path: Path):
    rows = [embodied("B4", model="final", term=f"{i:02}", estimate=float(i)) for i in range(MORE)]
    list(renew("demo", written(estimates_frame(rows), tmp_path / "old.csv"), tmp_path))
    for place, same in ((0, True), (MORE - 1, False)):
        moved = [dict(row) for row in rows]
        moved[place]["estimate"] = float(place) + 1e-3
        file = written(estimates_frame(moved), tmp_path / f"{place}.csv")
        assert compare_with_golden("demo", file, tmp_path).same is same
