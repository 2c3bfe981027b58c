"""The command line, as people see it: what it prints, where faults stand, how it exits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from yrb_carbon import __version__, cli
from yrb_carbon.cli import app
from yrb_carbon.sources import READERS
from yrb_carbon.study.load import load_study
from yrb_carbon.study.plan import account_inputs, files_of
from yrb_carbon.workflow.check import CheckedStudy, refuse_unusable_inputs

runner = CliRunner()
WRONG = 2
WIDE = {"COLUMNS": "200"}

OVERLAY = """\
study:
  name: own
  synthetic: false
demo: null
data_root: {root}
"""


@pytest.fixture
def in_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(repository)
    return repository


@pytest.fixture
def overlay(tmp_path: Path, in_repository: Path):
    """Write an overlay of a study of one's own, with some more text, and return its path."""

    def write(more: str = "", *, root: Path = tmp_path) -> Path:
        file = tmp_path / "own.yaml"
        file.write_text(OVERLAY.format(root=root) + more, encoding="utf-8")
        return file

    return write


def default_inputs() -> int:
    study = load_study(["config.yaml"])
    sources = {source.path for source in study.sources.values()}
    return len(sources | {*files_of(account_inputs(study))})


def check_lines(*arguments: str) -> list[str]:
    """Lines on standard error of a check that opens no file."""
    result = runner.invoke(app, ["check", "--fast", *arguments])
    assert result.exit_code == WRONG
    return result.stderr.splitlines()


def test_version():
    result = runner.invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout == f"yrb-carbon {__version__}\n"


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from typer.testing import CliRunner; from yrb_carbon.cli import app; "
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0; "
        "print(sorted({'numpy', 'pandas', 'pydantic', 'snakemake', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_check_accepts_the_default_study(in_repository):
    result = runner.invoke(app, ["check", "--fast"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(
        f"study demo: the configuration is right; {default_inputs()} input files"
    )
    assert "made by the demonstration" in result.stdout


def test_check_puts_single_values_over_the_files(in_repository):
    result = runner.invoke(app, ["check", "--fast", "--config", "study={name: other}"])
    assert result.exit_code == 0
    assert result.stdout.startswith("study other:")


def test_check_tells_faults_of_an_overlay_with_line_and_column(overlay):
    file = overlay("effects:\n  drwas: 10\n")
    (line,) = check_lines("--configfile", str(file))
    assert line.startswith(f"{file}:7:3: effects.drwas: unknown key (got 'drwas'; allowed")
    assert line.endswith("did you mean 'draws')")


def test_check_tells_faults_of_the_command_line(in_repository):
    (line,) = check_lines("--config", "seed=many")
    assert line == "command line: seed: must be a whole number of at least 0 (got 'many')"


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ("seed", "command line: --config takes key=value (got 'seed')"),
        ("study={name: x", "command line: study: not valid YAML: while parsing a flow mapping"),
    ],
)
def test_check_refuses_values_that_it_cannot_read(in_repository, pair, told):
    (line,) = check_lines("--config", pair)
    assert line.startswith(told)


def test_check_names_a_configuration_file_that_is_not_there(in_repository):
    assert check_lines("--configfile", "studies/none.yaml") == ["studies/none.yaml: no such file"]


def test_check_lists_every_input_file_that_is_missing_where_it_is_named(overlay, tmp_path):
    file = overlay("sources:\n  edgar:\n    path: mine/edgar.xlsx\n")
    (tmp_path / "china_employment.csv").touch()
    lines = check_lines("--configfile", str(file))
    assert lines[-1] == (
        f"{file}:8:11: sources.edgar.path: no such file below {tmp_path} (got 'mine/edgar.xlsx')"
    )
    assert lines[0].startswith("config.yaml:")
    study = load_study(["config.yaml"])
    # one file is there
    assert len(lines) == len(study.sources) + len(account_inputs(study)) - 1


def test_check_tells_options_that_readers_of_tables_do_not_have(overlay):
    table = "{path: x.xlsx, options: {shete: a}}"
    file = overlay(
        f'embodied:\n  systems:\n    provinces:\n      tables:\n        "2015": {table}\n'
    )
    lines = check_lines("--configfile", str(file))
    (line,) = (line for line in lines if "shete" in line)
    assert line.startswith(f"{file}:10:49: embodied.systems.provinces.tables.2015.options.shete: ")
    assert "no such option (got 'shete'; allowed sheet, unit" in line
    assert "did you mean 'sheet'" in line
    (line,) = (line for line in lines if "x.xlsx" in line)
    assert line.startswith(f"{file}:10:24: embodied.systems.provinces.tables.2015.path: no such")


def test_a_saved_system_is_a_folder(overlay, tmp_path):
    system = (
        "{format: pymrio, sectors: own, mining: [mining], emissions: own, extension: air, "
        'tables: {"2012": {path: saved}, "2015": null, "2017": null}}'
    )
    figures = "{flows: null, area_matrix: null, province_bars: null}"
    gone = f"tables: {{B7: null}}\nfigures: {figures}\nregional: {{transfer: null}}\n"
    file = overlay(f"embodied:\n  systems:\n    provinces: {system}\n{gone}")
    (tmp_path / "saved").touch()
    lines = check_lines("--configfile", str(file))
    (line,) = (line for line in lines if "no such folder" in line)
    assert line.endswith(f"tables.2012.path: no such folder below {tmp_path} (got 'saved')")
    (tmp_path / "saved").unlink()
    (tmp_path / "saved").mkdir()
    assert not [line for line in check_lines("--configfile", str(file)) if "no such folder" in line]


def test_check_counts_a_missing_boundary_file(overlay, tmp_path):
    file = overlay("boundaries:\n  source: file\n  path: units.gpkg\n")
    lines = check_lines("--configfile", str(file))
    assert lines[-1].startswith(f"{file}:8:9: boundaries.path: no such file")


def test_check_names_a_data_folder_that_is_not_there(overlay, tmp_path):
    file = overlay(root=tmp_path / "nowhere")
    (line,) = check_lines("--configfile", str(file))
    assert line.startswith(f"{file}:5:12: data_root: no such folder")


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        (
            "sources:\n  edgar:\n    format: edgar_citty\n",
            "3:13: sources.edgar.format",
            "unknown format (got 'edgar_citty'; allowed",
        ),
        (
            "sources:\n  roads:\n    format: roads\n    path: r.xlsx\n    options: {serie: x}\n",
            "5:22: sources.roads.options.serie",
            "the format 'roads' has no such option (got 'serie'; allowed sheet, series; "
            "did you mean 'series')",
        ),
        (
            "sources:\n  npp:\n    columns: [npp, nppp]\n",
            "3:20: sources.npp.columns[1]",
            "the format 'city_npp' gives no such column (got 'nppp'; allowed npp",
        ),
        (
            "variables:\n  cb:\n    measure: ration\n",
            "2:3: variables.cb",
            "index balance: measure: not allowed (got 'ration'; allowed ratio",
        ),
        (
            "sources:\n  yearbook: null\n",
            "config.yaml",
            "no source of the study gives the panel column",
        ),
    ],
)
def test_check_knows_formats_options_columns_and_variables(
    in_repository, tmp_path, text, place, told
):
    file = tmp_path / "overlay.yaml"
    file.write_text(f"{text}study:\n  name: mine\n", encoding="utf-8")
    lines = check_lines("--configfile", str(file))
    where = place if place == "config.yaml" else f"{file}:{place}: "
    assert all(line.startswith(where) for line in lines)
    assert told in lines[0]


def test_check_refuses_an_overlay_that_takes_the_place_of_the_demonstration(
    in_repository, tmp_path
):
    file = tmp_path / "overlay.yaml"
    file.write_text("lq:\n  reference: basin\n", encoding="utf-8")
    (line,) = check_lines("--configfile", str(file))
    assert line.startswith(f"{file}:1:1: study.name: the overlay gives the study no name")
    named = ["check", "--fast", "--configfile", str(file), "--config", "study={name: mine}"]
    assert runner.invoke(app, named).exit_code == 0


def test_dictionary_of_one_column_says_unit_and_formats():
    result = runner.invoke(app, ["dictionary", "gdp2"])
    facts = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert facts["unit"] == "10^4 yuan, current prices"
    assert facts["formats"] == "industry_structure, tidy_csv"


def test_dictionary_of_an_index_says_its_formula():
    result = runner.invoke(app, ["dictionary", "balance.ratio"])
    assert "formula      CB = S / E\n" in result.stdout


def test_dictionary_guesses_a_misspelt_column():
    result = runner.invoke(app, ["dictionary", "gpd_real"])
    assert result.exit_code == WRONG
    assert result.stderr.startswith("no such column (got 'gpd_real'; allowed co2_edgar")
    assert result.stderr.endswith("did you mean 'gdp_real')\n")


def test_dictionary_lists_columns_and_formats():
    columns = runner.invoke(app, ["dictionary"], env=WIDE)
    assert (columns.exit_code, "prov_green_patents" in columns.stdout) == (0, True)
    formats = runner.invoke(app, ["dictionary", "--formats"], env=WIDE)
    named = {line.split()[0] for line in formats.stdout.splitlines() if line.strip()}
    assert set(READERS) <= named


def test_check_refuses_to_let_the_demonstration_write_over_own_files(in_repository, tmp_path):
    (line,) = check_lines("--config", f"data_root={tmp_path}")
    assert line.startswith("command line: data_root: the demonstration writes its files there")
    assert line.endswith("or leave data_root out, which means results/demo/inputs")


def test_the_workflow_stops_before_the_demonstration_writes_over_own_files(in_repository):
    study = load_study(["config.yaml"], {"data_root": "mine"})
    with pytest.raises(SystemExit, match=r"\ndata_root: the demonstration writes"):
        refuse_unusable_inputs(study)
    refuse_unusable_inputs(load_study(["config.yaml"]))


def test_the_workflow_stops_when_inputs_are_missing(overlay, tmp_path):
    file = overlay("sources:\n  edgar:\n    path: edgar.xlsx\n")
    study = load_study(["config.yaml", file])
    for path in (
        *(source.path for source in study.sources.values()),
        *files_of(account_inputs(study)),
    ):
        (tmp_path / path).touch()
    refuse_unusable_inputs(study)
    (tmp_path / "edgar.xlsx").unlink()
    with pytest.raises(SystemExit, match=r"\nsources\.edgar\.path: no such file below .*edgar"):
        refuse_unusable_inputs(study)


def test_tables_have_one_line_a_row_where_there_is_no_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    rows = [("a_long_identifier_" * 5, "word " * 60 + "end"), ("short", "为何 [not] tested")]
    cli.common.print_table(("claim", "verdict: reason"), rows)
    lines = capsys.readouterr().out.splitlines()
    for row in rows:
        own = [line for line in lines if all(cell in line for cell in row)]
        assert len(own) == 1
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(("count", "told"), [(1, "1 input file below"), (2, "2 input files below")])
def test_the_verdict_counts_in_words_that_fit(in_repository, count, told):
    study = load_study(["config.yaml"])
    tables = dict(list(study.tables.items())[:count])
    own = study.model_copy(update={"tables": tables})
    checked = CheckedStudy(own, tuple(Path(str(n)) for n in range(count)), ())
    line = cli.check._verdict(checked, None)
    assert told in line
    assert ("; 1 table on" in line) == (count == 1)
    assert ("1 tables" in line or "1 input files" in line) is False


def test_a_unit_that_no_set_has_is_told_once_not_once_a_sample(overlay):
    file = overlay("samples:\n  set79: {exclude_units: ['888888']}\n")
    file.write_text(
        file.read_text(encoding="utf-8").replace(
            "  name: own\n", "  name: own\n  exclude_units: ['999999', '888888']\n"
        ),
        encoding="utf-8",
    )
    lines = [line for line in check_lines("--configfile", str(file)) if "no unit of set" in line]
    assert [line.split(": ")[1] for line in lines] == [
        "study.exclude_units",
        "study.exclude_units",
        "samples.set79.exclude_units",
    ]
    assert sum("got '999999'" in line for line in lines) == 1
