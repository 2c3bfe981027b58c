"""`yrb-carbon new` and `demo`: a study of one's own, and files to look at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from yrb_carbon import cli
from yrb_carbon.cli import app
from yrb_carbon.cli.new import _inner, _spread, _write_checked
from yrb_carbon.demo import FILES
from yrb_carbon.demo.excel import Sheet, write_workbook
from yrb_carbon.study.load import load_study
from yrb_carbon.study.plan import account_figures, account_tables

runner = CliRunner()
WRONG = 2


@pytest.fixture
def checkout(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the command needs of a checkout, in a folder of its own."""
    for name in ("config.yaml", "Snakefile"):
        shutil.copyfile(repository / name, tmp_path / name)
    shutil.copytree(repository / "studies", tmp_path / "studies")
    (tmp_path / "data").symlink_to(repository / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new(*words: str):
    return runner.invoke(app, ["new", *words])


@pytest.mark.parametrize("origin", ["demo", "yrb-real"])
@pytest.mark.parametrize(
    ("years", "unit_set"),
    [((2003, 2018), "A"), ((2006, 2011), "set91"), ((1998, 2020), "set79"), ((2010, 2018), "B")],
)
def test_a_new_study_passes_the_check_up_to_its_files(checkout, origin, years, unit_set):
    title = "Pearl: \"delta\" # 'x'"
    words = ["--title", title, "--title-zh", "珠江", "--unit-set", unit_set, "--from", origin]
    words += ["--first-year", str(years[0]), "--last-year", str(years[1])]
    result = new("pearl", *words, "--data-root", str(checkout / "数 据"))
    assert (result.exit_code, result.stderr) == (0, "")
    study = load_study(["config.yaml", "studies/pearl.yaml"], named=True)
    assert (study.study.first_year, study.study.last_year) == years
    assert study.study.unit_set == unit_set
    assert (study.study.title.en, study.study.title.zh) == (title, "珠江")
    assert (study.demo, study.study.synthetic) == (None, False)
    assert study.data_root == str(checkout / "数 据")
    text = Path("studies/pearl.yaml").read_text(encoding="utf-8")
    assert text.count("\n#") > 3
    (checkout / "数 据").mkdir()
    checked = runner.invoke(app, ["check", "--fast", "--study", "pearl"])
    assert checked.exit_code == WRONG
    faults = checked.stderr.splitlines()
    assert faults
    assert all("no such file below" in fault for fault in faults)


def test_without_options_the_folder_is_explained(checkout):
    assert new("mine").exit_code == 0
    text = Path("studies/mine.yaml").read_text(encoding="utf-8")
    assert "# data_root: /path/to/files" in text
    assert yaml.safe_load(text)["study"]["title"] == {
        "en": "mine, 2003-2018",
        "zh": "mine, 2003-2018",
    }
    study = load_study(["config.yaml", "studies/mine.yaml"])
    base = load_study(["config.yaml"])
    assert study.tables == {
        name: table for name, table in base.tables.items() if name not in account_tables(base)
    }
    assert (study.embodied, study.footprint, study.regional) == (None, None, None)
    assert account_figures(base)
    assert account_figures(study) == ()
    assert study.figures.effect_figures == base.figures.effect_figures
    assert {n: (s.format, s.path) for n, s in study.sources.items()} == {
        n: (s.format, s.path) for n, s in base.sources.items()
    }


@pytest.mark.parametrize(
    "name", ["../evil", "a/b", "Mine", "-x", "x" * 41, "ü", "a b", "demo", "yrb-real"]
)
def test_names_that_cannot_be_are_refused_and_nothing_is_written(checkout, name):
    before = sorted(checkout.rglob("*.yaml"))
    result = new("--", name)
    assert result.exit_code == WRONG
    assert f"got {name!r}" in result.stderr
    assert sorted(checkout.rglob("*.yaml")) == before


def test_a_study_is_not_replaced(checkout):
    assert new("mine").exit_code == 0
    before = Path("studies/mine.yaml").read_bytes()
    assert new("mine", "--title", "Other").exit_code == WRONG
    assert Path("studies/mine.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--first-year", "2018", "--last-year", "2003"], "--last-year must be after"),
        (["--first-year", "2015", "--last-year", "2016"], "was not written, the study would have"),
        (["--first-year", "1800", "--last-year", "1900"], "was not written, the study would have"),
    ],
)
def test_years_that_cannot_be_leave_no_file(checkout, words, told):
    result = new("mine", *words)
    assert result.exit_code == WRONG
    assert told in result.stderr
    assert not Path("studies/mine.yaml").exists()


def test_outside_a_checkout_it_says_where_to_go(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = new("mine")
    assert result.exit_code == WRONG
    assert result.stderr.startswith(f"no Snakefile in {tmp_path}")


@pytest.mark.parametrize(
    ("first", "last"), [(2003, 2018), (2006, 2011), (2010, 2012), (2010, 2011)]
)
def test_years_of_breaks_and_maps_lie_inside(first, last):
    assert all(first <= year < last for year in _inner(first, last))
    assert _inner(first, last)
    maps = _spread(first, last)
    assert (maps[0], maps[-1]) == (first, last)
    assert len(maps) <= 4


def test_the_demonstration_is_a_run_of_its_study(monkeypatch):
    calls = []
    monkeypatch.setattr(
        cli.run, "run_study", lambda *words, **options: calls.append((*words, options))
    )
    assert runner.invoke(app, ["demo", "--cores", "3"]).exit_code == 0
    assert runner.invoke(app, ["demo", "--heterogeneous", "--json"]).exit_code == 0
    assert calls == [
        ("demo", "demo", {"cores": 3, "as_json": False}),
        ("demo", "demo-heterogeneous", {"cores": 2, "as_json": True}),
    ]
    assert runner.invoke(app, ["demo", "--seed", "1"]).exit_code == WRONG


def test_a_folder_with_files_is_left_alone(tmp_path):
    (tmp_path / "own.xlsx").touch()
    for target in (tmp_path, tmp_path / "own.xlsx"):
        result = runner.invoke(app, ["demo", "--inputs-only", str(target)])
        assert result.exit_code == WRONG
        assert "not an empty folder" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["own.xlsx"]


def test_a_folder_that_cannot_be_written_to_is_told_before_files_are_made(tmp_path, monkeypatch):
    def refuse(**options):
        raise PermissionError(13, "Permission denied", "/a/name/that/means/nothing")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    words = ["demo", "--inputs-only", str(tmp_path)]
    plain = runner.invoke(app, words)
    assert (plain.exit_code, plain.stdout) == (WRONG, "")
    (line,) = plain.stderr.splitlines()
    assert line == f"{tmp_path}: nothing can be written to this folder (permission denied)"
    as_json = json.loads(runner.invoke(app, [*words, "--json"]).stdout)
    assert as_json == {"command": "demo", "exit_code": WRONG, "errors": [line]}
    file = tmp_path / "file"
    file.touch()
    below = runner.invoke(app, ["demo", "--inputs-only", str(file / "below")])
    assert below.exit_code == WRONG
    assert below.stderr.startswith(f"{file / 'below'}: nothing can be written to this folder (")


def test_a_workbook_that_cannot_be_written_is_an_error_of_the_system(tmp_path):
    (tmp_path / "a.xlsx").mkdir()
    with pytest.raises(IsADirectoryError):
        write_workbook(tmp_path / "a.xlsx", [Sheet("s", [["a"]])])


@pytest.mark.parametrize("option", ["--title", "--data-root"])
def test_bytes_that_are_no_text_leave_no_file(checkout, option):
    result = new("pearl", option, "folder/\udcff")
    assert (result.exit_code, result.stdout) == (WRONG, "")
    assert result.stderr.startswith("an option holds bytes that are no text in UTF-8 (near ")
    assert not Path("studies", "pearl.yaml").exists()


def test_a_study_that_is_interrupted_leaves_no_file(checkout, monkeypatch):
    def stop(*files, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("yrb_carbon.study.load.load_study", stop)
    with pytest.raises(KeyboardInterrupt):
        _write_checked(Path("studies", "pearl.yaml"), "study: {name: pearl}\n")
    assert not Path("studies", "pearl.yaml").exists()


def test_new_prints_its_file_as_json(checkout):
    values = json.loads(new("pearl", "--json").stdout)
    file = str(Path("studies", "pearl.yaml"))
    assert values == {"command": "new", "exit_code": 0, "files": [file]}
    again = new("pearl", "--json")
    values = json.loads(again.stdout)
    assert (again.exit_code, values["exit_code"], again.stderr) == (WRONG, WRONG, "")
    assert values["errors"] == new("pearl").stderr.splitlines()


@pytest.mark.slow
def test_the_input_files_are_written_and_listed(tmp_path):
    folder = tmp_path / "见 本"
    result = runner.invoke(app, ["demo", "--inputs-only", str(folder), "--seed", "7"])
    assert result.exit_code == 0
    listed = {Path(line).name for line in result.stdout.splitlines()}
    assert listed == {path.name for path in folder.iterdir()}
    assert set(FILES.values()) < listed
