"""What holds for all commands: streams, encodings, colour, closed pipes, JSON, the page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from yrb_carbon.cli import app, reference

runner = CliRunner()
WRONG = 2
SECONDS_OF_HELP = 0.4
"""What help may take on an idle machine; processor time here, as tests share it."""
CODE = "import sys; from yrb_carbon.cli import app; sys.exit(app())"
COMMANDS = ("check", "explain", "dictionary", "claims", "compare", "export")
"""Commands that print JSON."""


def call(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", CODE, *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


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
    wrong = call("explain", "矿业", folder=repository, LC_ALL="C")
    assert "got '矿业'" in wrong.stderr.decode("utf-8")


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


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_usage_is_json_too(repository, command):
    done = call(command, "--no-such-option", "--json", folder=repository)
    values = json.loads(done.stdout)
    assert (done.returncode, values["exit_code"], values["command"]) == (WRONG, WRONG, command)
    assert "no-such-option" in values["errors"][0]
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
    for name, command in program.commands.items():
        assert command.help, name
        for parameter in command.params:
            assert parameter.help, (name, parameter.name)


def test_the_page_is_written_below_the_folder_that_is_named(tmp_path):
    reference.main([str(tmp_path)])
    assert (tmp_path / reference.FILE).read_text(encoding="utf-8") == reference.page()
