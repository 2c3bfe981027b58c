"""Golden numbers are checked, and renewed only where the changelog says why."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from estimates_rows import sdm, written
from golden_numbers import FOLDER, RenewalError, compare_with_golden, main, news, renew, unreleased

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


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["check", "demo", str(written(sdm(), tmp_path / "other.csv"))]) == 1
    assert "different:" in capsys.readouterr().out
    assert main(["check", "demo", str(tmp_path / "other.csv"), "--markdown"]) == 1
    assert capsys.readouterr().out.startswith("**different:")
    assert main(["check", "demo", str(tmp_path / "absent")]) == 2
    assert "no such file" in capsys.readouterr().err
