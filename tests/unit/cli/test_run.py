"""`yrb-carbon run`: what snakemake is given, its signals and exit codes, and the last line."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from yrb_carbon import cli
from yrb_carbon.cli import app

pytestmark = pytest.mark.slow

runner = CliRunner()
WRONG = 2
PATIENCE = 30.0
"""Seconds to wait for a process on a busy machine."""


@pytest.fixture
def in_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(repository)
    return repository


@pytest.fixture
def snakemake_calls(monkeypatch: pytest.MonkeyPatch):
    """Exit codes to give, first for the first call; the arguments of the calls are kept."""
    calls: list[list[str]] = []
    codes: list[int] = []

    def call(arguments, **options):
        calls.append(list(arguments))
        return codes.pop(0) if codes else 0

    monkeypatch.setattr(cli.run, "snakemake", call)
    return calls, codes


def test_run_hands_the_study_to_snakemake(in_repository, snakemake_calls):
    calls, _ = snakemake_calls
    result = runner.invoke(
        app, ["run", "--study", "yrb-real", "--cores", "3", "--data-root", "d", "--", "-n"]
    )
    assert result.exit_code == 0
    overlay = ["--configfile", str(Path("studies/yrb-real.yaml")), "--config", "data_root=d"]
    assert calls == [["--cores", "3", "-n", *overlay]]


def test_run_without_a_choice_is_the_demonstration(in_repository, snakemake_calls):
    calls, _ = snakemake_calls
    results = [runner.invoke(app, ["run"]), runner.invoke(app, ["run", "--study", "demo"])]
    assert calls == [["--cores", "2"]] * 2
    for result in results:
        assert result.exit_code == 0
        assert result.stdout.startswith("study demo: done in 0 s; ")


@pytest.mark.parametrize("code", [1, 3, 130])
def test_run_passes_the_exit_code_on(in_repository, snakemake_calls, code):
    _, codes = snakemake_calls
    codes.append(code)
    assert runner.invoke(app, ["run"]).exit_code == code


def test_run_resumes_by_unlocking_first(in_repository, snakemake_calls):
    calls, codes = snakemake_calls
    assert runner.invoke(app, ["run", "--resume"]).exit_code == 0
    assert calls == [["--unlock"], ["--cores", "2"]]
    codes.append(1)
    assert runner.invoke(app, ["run", "--resume"]).exit_code == 1
    assert calls[2:] == [["--unlock"]]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--study", "yrb-rael"],
            "no study of that name (got 'yrb-rael'; allowed demo, demo-heterogeneous, yrb-real",
        ),
        (["--study", "demo", "--configfile", "x.yaml"], "give --study or --configfile, not both"),
    ],
)
def test_run_refuses_a_wrong_choice(in_repository, snakemake_calls, arguments, told):
    calls, _ = snakemake_calls
    result = runner.invoke(app, ["run", *arguments])
    assert result.exit_code == WRONG
    assert result.stderr.startswith(told)
    assert calls == []


def test_run_outside_the_checkout_says_where_to_go(tmp_path, monkeypatch, snakemake_calls):
    calls, _ = snakemake_calls
    monkeypatch.chdir(tmp_path)
    result = runner.invoke(app, ["run"])
    assert result.exit_code == WRONG
    assert result.stderr == (f"no Snakefile in {tmp_path}; change to the folder of the checkout\n")
    assert calls == []


def test_targets_and_unknown_options_are_handed_on_in_their_order(in_repository, snakemake_calls):
    calls, _ = snakemake_calls
    words = ["tables", "report", "--forcerun", "panel", "--keep-going", "--cores", "1"]
    assert runner.invoke(app, ["run", *words]).exit_code == 0
    assert calls == [["--cores", "1", "tables", "site", "--forcerun", "panel", "--keep-going"]]


def test_single_values_stand_together_with_the_folder_of_the_data(in_repository, snakemake_calls):
    calls, _ = snakemake_calls
    values = ["--config", "seed=3", "--config", "study={name: x}", "--data-root", "a b"]
    result = runner.invoke(app, ["run", "--dry-run", *values])
    assert (result.exit_code, result.stdout) == (0, "")
    own = ["--config", "seed=3", "study={name: x}", "data_root=a b"]
    assert calls == [["--cores", "2", "--dry-run", *own]]


@pytest.mark.parametrize("value", ["seed", "study={name"])
def test_values_that_cannot_be_read_are_refused_before_snakemake(
    in_repository, snakemake_calls, value
):
    calls, _ = snakemake_calls
    result = runner.invoke(app, ["run", "--config", value])
    assert (result.exit_code, calls) == (WRONG, [])
    assert result.stderr.startswith("command line: ")


@pytest.mark.parametrize("name", ["../config", "demo/..", "studies/yrb-real", "*"])
def test_names_that_are_paths_are_no_studies(in_repository, snakemake_calls, name):
    calls, _ = snakemake_calls
    result = runner.invoke(app, ["run", "--study", name])
    assert (result.exit_code, calls) == (WRONG, [])
    assert result.stderr.startswith(f"no study of that name (got {name!r}; allowed demo, ")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "{file}: no such file"),
        ("folder", "{file}: cannot be read (Is a directory)"),
        (b"\xff\xfe", "{file}:1:1: not UTF-8 (got byte 0xFF)"),
        (b"", "{file}:1:1: the file is empty"),
        (b"study: {name: own", "{file}:1:18: not valid YAML"),
        (b"study: {name: own}\nsed: 1\n", "{file}:2:1: sed: unknown key (got 'sed'"),
        (b"seed: 1\n", "{file}:1:1: study.name: the overlay gives the study no name"),
    ],
)
def test_faults_of_the_configuration_are_told_before_snakemake(
    in_repository, snakemake_calls, tmp_path, content, told
):
    calls, _ = snakemake_calls
    file = tmp_path / "own.yaml"
    if content == "folder":
        file.mkdir()
    elif content is not None:
        file.write_bytes(content)
    words = ["run", "--configfile", str(file)]
    plain, as_json = runner.invoke(app, words), runner.invoke(app, [*words, "--json"])
    assert (plain.exit_code, as_json.exit_code, calls) == (WRONG, WRONG, [])
    assert (plain.stdout, as_json.stderr) == ("", "")
    assert plain.stderr.startswith(told.format(file=file)), plain.stderr
    values = json.loads(as_json.stdout)
    assert values == {
        "command": "run",
        "exit_code": WRONG,
        "errors": plain.stderr.splitlines(),
    }


def test_another_snakefile_has_a_configuration_of_its_own(in_repository, snakemake_calls):
    calls, _ = snakemake_calls
    assert runner.invoke(app, ["run", "-n", "--config", "sed=1"]).exit_code == WRONG
    words = ["run", "-n", "--config", "sed=1", "--snakefile", "other.smk"]
    assert runner.invoke(app, words).exit_code == 0
    assert len(calls) == 1


def test_the_result_is_json_with_the_places(in_repository, snakemake_calls):
    _, codes = snakemake_calls
    values = json.loads(runner.invoke(app, ["run", "--json"]).stdout)
    assert list(values)[:2] == ["command", "exit_code"]
    results = Path("results", "demo")
    assert (values["study"], values["results"]) == ("demo", str(results))
    for what, path in (
        ("report", results / "report" / "index.html"),
        ("tables", results / "tables"),
    ):
        assert values[what] == (str(path) if path.exists() else None)
    assert values["seconds"] >= 0
    for command in ("run", "demo"):
        codes.append(7)
        failed = runner.invoke(app, [command, "--json"])
        values = json.loads(failed.stdout)
        assert (failed.exit_code, values["exit_code"], values["command"]) == (7, 7, command)
        assert values["errors"] == [
            "snakemake ended with exit code 7; its log is on standard error"
        ]


def test_with_json_standard_output_has_nothing_of_snakemake(fake_snakemake, tmp_path):
    process = start(fake_snakemake, tmp_path, "speak", "--json")
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert json.loads(out)["study"] == "demo"
    assert "snakemake speaks" in err


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="the system has no such signal")
def test_a_dry_run_that_nobody_reads_ends_quietly_and_a_run_goes_on(fake_snakemake, tmp_path):
    for words, goes_on in ((["--dry-run"], False), ([], True)):
        process = start(fake_snakemake, tmp_path, "speak", *words)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        process.wait(PATIENCE)
        assert ("Traceback" in err, "BrokenPipeError" in err) == (goes_on, goes_on)
        assert (process.returncode == 128 + signal.SIGPIPE) == (not goes_on)


def test_a_folder_that_is_locked_is_told_with_the_way_out(
    repository, tmp_path, monkeypatch, snakemake_calls
):
    _, codes = snakemake_calls
    codes.append(1)
    monkeypatch.chdir(tmp_path)
    Path("Snakefile").touch()
    shutil.copyfile(repository / "config.yaml", "config.yaml")
    Path(".snakemake", "locks").mkdir(parents=True)
    Path(".snakemake", "locks", "0.input.lock").touch()
    result = runner.invoke(app, ["run"])
    assert result.exit_code == 1
    assert result.stderr.endswith("a run was killed: add --resume.\n")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (184, "3 min 4 s"), (3720, "1 h 2 min")],
)
def test_times_are_told_in_words(seconds, text):
    assert cli.run.duration(seconds) == text


FAKE = """\
import signal, sys, time

def ended(number, frame):
    print(f"cleaning up after {number}", file=sys.stderr, flush=True)
    sys.exit(1)

signal.signal(signal.SIGINT, ended)
signal.signal(signal.SIGTERM, ended)
arguments = sys.argv[1:]
print("snakemake got", *arguments, file=sys.stderr, flush=True)
if "speak" in arguments:
    for line in range(20000):
        print("snakemake speaks")
        sys.stdout.flush()
if "wait" in arguments:
    time.sleep(60)
sys.exit(int(arguments[arguments.index("code") + 1]) if "code" in arguments else 0)
"""


@pytest.fixture
def fake_snakemake(tmp_path: Path, repository: Path) -> dict[str, str]:
    """Environment of a process in which `python -m snakemake` is a small script."""
    shutil.copyfile(repository / "config.yaml", tmp_path / "config.yaml")
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "snakemake.py").write_text(FAKE, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path / "fake"), *sys.path])
    return {**os.environ, "PYTHONPATH": path}


def start(environment: dict[str, str], folder: Path, *words: str) -> subprocess.Popen[str]:
    (folder / "Snakefile").touch()
    code = "import sys; from yrb_carbon.cli import app; sys.exit(app())"
    return subprocess.Popen(
        [sys.executable, "-c", code, "run", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_reach_snakemake_and_end_with_their_code(fake_snakemake, tmp_path, number, code):
    process = start(fake_snakemake, tmp_path, "wait")
    assert process.stderr is not None
    assert process.stderr.readline().startswith("snakemake got --cores 2 wait")
    process.send_signal(number)
    _, rest = process.communicate(timeout=PATIENCE)
    assert (process.returncode, rest) == (code, f"cleaning up after {int(number)}\n")


@pytest.mark.parametrize("code", [1, 7])
def test_the_exit_code_of_snakemake_is_passed_on(fake_snakemake, tmp_path, code):
    process = start(fake_snakemake, tmp_path, "code", str(code))
    process.communicate(timeout=PATIENCE)
    assert process.returncode == code


def test_a_process_that_a_signal_ended_has_the_code_of_a_shell(monkeypatch):
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    real = subprocess.Popen

    def popen(command, **options):
        return real([sys.executable, "-c", killed], **options)

    monkeypatch.setattr(subprocess, "Popen", popen)
    assert cli.run.snakemake(["--version"]) == 137


LOG = """\
Assuming unrestricted shared filesystem usage.
[Sun Nov 22 05:16:02 2026]
Job 3: Read the boundaries of the units
Reason: Missing output files
[Sun Nov 22 05:16:05 2026]
Finished jobid: 3 (Rule: boundaries)
1 of 4 steps (25%) done
[Sun Nov 22 05:16:05 2026]
Error in rule panel:
    message: it went wrong
"""


def test_the_bar_follows_the_log():
    lines: list[str] = []
    told: list[dict[str, object]] = []
    cli.run._read_progress(io.StringIO(LOG), lines, lambda **state: told.append(state))
    assert told == [
        {"description": "Read the boundaries of the units"},
        {"completed": 1, "total": 4},
    ]
    assert lines == LOG.splitlines()
    assert list(cli.run._telling(lines)) == ["Error in rule panel:", "    message: it went wrong"]


def test_a_log_without_an_error_is_shown_from_its_end():
    lines = [f"line {i}" for i in range(200)]
    assert list(cli.run._telling(lines)) == lines[-cli.run.SHOWN_LINES :]
    assert list(cli.run._telling(lines[:3])) == lines[:3]
