"""What holds for all commands: streams, encodings, colour, closed pipes, JSON, the page."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from yrb_carbon.cli import app, reference

pytestmark = pytest.mark.slow

runner = CliRunner()
WRONG = 2
BROKEN = 3
SECONDS_OF_HELP = 0.4
"""What help may take on an idle machine; processor time here, as tests share it."""
CODE = "import sys; from yrb_carbon.cli import app; sys.exit(app())"
COMMANDS = (
    "check", "explain", "dictionary", "claims", "compare", "export", "new", "demo", "run",
)  # fmt: skip


def call(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", CODE, *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


@pytest.fixture
def here(repository, monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Run the program as its script does, in this process: exit code, output and errors.

    A process of its own takes half a second of imports; what needs its streams, its locale or its
    end is called with `call`.
    """
    monkeypatch.chdir(repository)
    monkeypatch.setattr(signal, "signal", lambda *ways: None)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["yrb-carbon", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            sys.exit(app())
        return (ended.value.code or 0, *capsys.readouterr())

    return run


def test_help_comes_at_once(repository):
    def seconds() -> float:
        before = os.times()
        done = call("--help", folder=repository)
        assert done.returncode == 0
        after = os.times()
        return (after.children_user - before.children_user) + (
            after.children_system - before.children_system
        )

    assert min(seconds() for _ in range(3)) < SECONDS_OF_HELP


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_chinese_comes_out_in_any_locale(repository, locale):
    done = call("dictionary", "gdp2", folder=repository, **locale)
    assert done.returncode == 0, done.stderr
    assert "第二产业增加值" in done.stdout.decode("utf-8")


def test_chinese_words_of_the_call_come_out(repository):
    wrong = call("new", "../矿业", folder=repository, LC_ALL="C")
    assert "got '../矿业'" in wrong.stderr.decode("utf-8")


@pytest.mark.parametrize("words", [("--help",), ("dictionary",), ("run", "--help")])
def test_no_colour_where_there_is_no_terminal(repository, words):
    done = call(*words, folder=repository, TERM="xterm-256color")
    assert b"\x1b" not in done.stdout + done.stderr


def test_a_closed_pipe_is_no_fault(repository):
    shell = f'"{sys.executable}" -c "{CODE}" dictionary --json | head -n 1'
    done = subprocess.run(
        ["bash", "-c", shell], cwd=repository, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("{\n", "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-"])
def test_a_closed_stream_is_no_fault(repository, closed):
    for words, code in (("--help", 0), ("--version", 0), ("new ../x", WRONG)):
        shell = f'"{sys.executable}" -c "{CODE}" {words} {closed}'
        done = subprocess.run(["bash", "-c", shell], cwd=repository, capture_output=True, text=True)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), (words, done.stderr)
        told = done.stdout + done.stderr
        assert bool(told) == (closed in ("<&-", ">&-" if code else "2>&-")), (words, told)


full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")


@full_disk
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["dictionary"], ["explain", "T7"]])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_full_disk_is_told_in_one_line(here, monkeypatch, words, more):
    with suppress(OSError), open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        found = here(*words, *more)
    assert found == (WRONG, "", "no space left on device\n")


@full_disk
@pytest.mark.parametrize("words", [["--help"], ["dictionary", "--json"]])
def test_a_full_disk_is_told_in_one_line_to_the_end_of_the_process(repository, words):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", CODE, *words],
            cwd=repository,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (WRONG, "no space left on device\n")


def test_a_fault_of_the_program_is_one_line_with_its_place(repository, monkeypatch):
    monkeypatch.chdir(repository)

    def fail(*arguments, **options):
        raise KeyError("of the\nprogram")

    monkeypatch.setattr("yrb_carbon.panel.schema.load_dictionary", fail)
    plain = runner.invoke(app, ["dictionary"])
    as_json = json.loads(runner.invoke(app, ["dictionary", "--json"]).stdout)
    assert (plain.exit_code, as_json["exit_code"], plain.stdout) == (BROKEN, BROKEN, "")
    (line,) = plain.stderr.splitlines()
    assert as_json["errors"] == [line]
    assert line.startswith("fault of the program in dictionary.py, line ")
    assert "KeyError: 'of the\\nprogram'" in line
    monkeypatch.setenv("YRB_CARBON_TRACEBACK", "1")
    assert isinstance(runner.invoke(app, ["dictionary"]).exception, KeyError)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["claims", ""], "an argument is empty"),
        (["compare", "", "b"], "an argument is empty"),
        (["compare", "a", "b", "--quantity", ""], "--quantity"),
        (["compare", "a", "b", "--table="], "--table"),
        (["compare", "a", "b", "--only", " "], "--only"),
        (["export", "demo", "--to", ""], "--to"),
        (["export", "", "--to", "x"], "an argument is empty"),
        (["explain", ""], "an argument is empty"),
        (["explain", "T7", "--results", ""], "--results"),
        (["dictionary", ""], "an argument is empty"),
        (["check", "--study", ""], "--study"),
        (["check", "--data-root="], "--data-root"),
        (["run", "--configfile", ""], "--configfile"),
        (["demo", "--inputs-only", ""], "--inputs-only"),
        (["new", "x", "--title", ""], "--title"),
        ([""], "an argument is empty"),
    ],
    ids=" ".join,
)
def test_empty_words_are_refused(here, words, named):
    code, out, errors = here(*words, "--json")
    values = json.loads(out)
    assert (code, values["exit_code"], errors) == (WRONG, WRONG, "")
    (error,) = values["errors"]
    assert named in error
    assert "empty" in error


def test_a_folder_that_is_gone_is_told(tmp_path):
    (tmp_path / "gone").mkdir()
    shell = f'rmdir "{tmp_path}/gone"; "{sys.executable}" -c "{CODE}"'
    for command in ("check", "run", "new x"):
        done = subprocess.run(
            ["bash", "-c", f"{shell} {command}"],
            cwd=tmp_path / "gone",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path[1:]))},
            capture_output=True,
            text=True,
        )
        (tmp_path / "gone").mkdir()
        assert (done.returncode, done.stdout) == (WRONG, "")
        assert "in the current folder, which is gone; change to the folder of the" in done.stderr


@pytest.mark.parametrize("option", ["only", "ignore", "table", "model", "quantity"])
def test_selectors_of_commas_alone_are_refused(repository, option):
    done = runner.invoke(app, ["compare", "a", "b", f"--{option}", " , "])
    assert (done.exit_code, done.stdout) == (WRONG, "")
    assert done.stderr == f"--{option} names nothing (got ' , ')\n"


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "run"])
def test_wrong_usage_is_json_too(here, command):
    code, out, errors = here(command, "--no-such-option", "--json")
    values = json.loads(out)
    assert (code, values["exit_code"], values["command"]) == (WRONG, WRONG, command)
    assert "no-such-option" in values["errors"][0]
    assert errors == ""


def test_wrong_usage_is_json_to_the_end_of_the_process(repository):
    done = call("check", "--no-such-option", "--json", folder=repository)
    assert (done.returncode, json.loads(done.stdout)["exit_code"]) == (WRONG, WRONG)
    assert done.stderr == b""


@pytest.mark.parametrize(
    "words",
    [
        ["check", "--configfile", "none.yaml"],
        ["explain", "no-such-word"],
        ["dictionary", "no-such-column"],
        ["claims", "no-such-folder"],
        ["compare", "no-such-folder", "no-such-folder"],
        ["export", "no-such-study", "--to", "x"],
        ["new", "../x"],
        ["demo", "--inputs-only", "config.yaml"],
        ["run", "--study", "no-such-study"],
    ],
    ids=COMMANDS,
)
def test_faults_are_lines_on_standard_error_or_json(repository, monkeypatch, words):
    monkeypatch.chdir(repository)
    plain, as_json = runner.invoke(app, words), runner.invoke(app, [*words, "--json"])
    assert (plain.exit_code, as_json.exit_code) == (WRONG, WRONG)
    assert (plain.stdout, as_json.stderr) == ("", "")
    values = json.loads(as_json.stdout)
    assert list(values)[:2] == ["command", "exit_code"]
    assert (values["command"], values["exit_code"]) == (words[0], WRONG)
    texts = [error if isinstance(error, str) else error["text"] for error in values["errors"]]
    assert plain.stderr.splitlines() == "\n".join(texts).splitlines()


def test_faults_of_the_yaml_have_line_and_column_in_json(repository, monkeypatch, tmp_path):
    monkeypatch.chdir(repository)
    file = tmp_path / "x.yaml"
    file.write_text("study:\n  name: [open\n", encoding="utf-8")
    values = json.loads(runner.invoke(app, ["check", "--configfile", str(file), "--json"]).stdout)
    (error,) = values["errors"]
    assert (error["kind"], error["file"], error["line"]) == ("configuration", str(file), 3)
    assert isinstance(error["column"], int)


def test_a_file_that_may_not_be_written_is_told(repository, monkeypatch, tmp_path):
    monkeypatch.chdir(repository)

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr("yrb_carbon.panel.schema.load_dictionary", refuse)
    result = runner.invoke(app, ["dictionary"])
    assert result.exit_code == WRONG
    assert result.stderr == f"{tmp_path}: permission denied\n"


def test_the_page_of_the_command_line_is_in_step(repository):
    page = (repository / reference.FILE).read_text(encoding="utf-8")
    assert page == reference.page(), "run: python -m yrb_carbon.cli.reference"


def test_every_command_and_option_has_a_help_text():
    program = typer.main.get_command(app)
    assert set(program.commands) == set(COMMANDS)
    for name, command in program.commands.items():
        assert command.help, name
        for parameter in command.params:
            assert parameter.help, (name, parameter.name)


def test_the_page_is_written_below_the_folder_that_is_named(tmp_path):
    reference.main([str(tmp_path)])
    assert (tmp_path / reference.FILE).read_text(encoding="utf-8") == reference.page()
