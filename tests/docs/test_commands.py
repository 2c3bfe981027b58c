"""What the pages tell a reader to type: it runs as written, and every target and option exists."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from checkout import REPOSITORY, finished_demo
from pages import MARKS, RUNNABLE, Block, blocks_of

SECONDS_AT_MOST = 600
OWN_TESTS = {"docs/howto/spatialpanel.md", "docs/howto/mediation.md"}
"""Pages whose blocks are run, and their numbers checked, by tests of the library."""

PAGES = {
    str(path.relative_to(REPOSITORY)): blocks_of(path, str(path.relative_to(REPOSITORY)))
    for path in sorted([*REPOSITORY.glob("docs/**/*.md"), *REPOSITORY.glob("*.md")])
}
WITH_CODE = [
    page
    for page, blocks in PAGES.items()
    if page not in OWN_TESTS
    and any(b.language in RUNNABLE and b.mark not in ("file", "not run") for b in blocks)
]
BLOCKS = [block for blocks in PAGES.values() for block in blocks]
BESIDE_THE_WORKFLOW = (
    "docs", "tests", "mkdocs.yml", "Makefile", "pyproject.toml", "requirements.lock",
    "README.md", "CHANGELOG.md", "LICENSE",
)  # fmt: skip
WORKFLOW = re.compile(r"^(?:\S+=\S+ )*\S*(?:yrb-carbon run|snakemake)\b.*$")
TERMINATES = re.compile(r"(?<=[^\\])\n")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished demonstration with an environment in .venv, as after `make`."""
    folder = tmp_path_factory.mktemp("reader") / "yrb-carbon"
    shutil.copytree(
        finished_demo(tmp_path_factory), folder, ignore=shutil.ignore_patterns("__pycache__")
    )
    for part in BESIDE_THE_WORKFLOW:
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / part)
    (folder / ".venv").mkdir()
    for part in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / part).symlink_to(Path(sys.prefix) / part)
    (folder / ".venv" / ".installed").touch()
    return folder


@pytest.fixture
def reader(checkout: Path, tmp_path: Path) -> Path:
    """A copy of that checkout for one page."""
    folder = tmp_path / "yrb-carbon"
    shutil.copytree(checkout, folder, symlinks=True)
    return folder


def command_of(block: Block) -> list[str]:
    """What runs a block; Python goes on from the blocks above it, as a reader would."""
    if block.language == "python":
        above = [b for b in PAGES[block.page] if b.language == "python" and b.line < block.line]
        bodies = [b.body for b in above if b.mark is None]
        return [sys.executable, "-c", "\n".join([*bodies, block.body])]
    if block.language == "r":
        return ["Rscript", "--vanilla", "-e", block.body]
    script = block.body
    if block.mark == "dry run":
        lines = [_dry(line) for line in TERMINATES.split(script.rstrip("\n"))]
        script = "\n".join(lines)
    return ["bash", "-euo", "pipefail", "-c", script]


def _dry(line: str) -> str:
    """The same command without its work."""
    if line.startswith("make"):
        return line.replace("make", "make -n", 1)
    command = line.partition("  #")[0]
    if not WORKFLOW.match(command):
        return line
    handed_on = "yrb-carbon" in command and " -- " not in command
    return f"{command.rstrip()}{' --' if handed_on else ''} --dry-run"


def run_block(block: Block, folder: Path) -> None:
    done = subprocess.run(
        command_of(block),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS_AT_MOST,
        check=False,
    )
    failed = done.returncode != 0
    assert failed == (block.mark == "fails"), (
        f"{block.place} ended with {done.returncode}:\n{block.body}\n{done.stdout[-4000:]}"
    )


def is_run(block: Block) -> bool:
    if block.language == "r" and shutil.which("Rscript") is None:
        return False
    return block.language in RUNNABLE and block.mark not in ("file", "not run")


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_CODE)
def test_a_page_runs_as_written(page: str, reader: Path):
    for block in PAGES[page]:
        if block.mark == "file":
            target = reader / str(block.text)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.body, encoding="utf-8")
        elif is_run(block):
            run_block(block, reader)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_marks_are_known_and_give_a_reason(block: Block):
    assert block.mark is None or block.mark in MARKS, block.place
    if block.mark in ("dry run", "not run", "file"):
        assert block.text, f"{block.place}: say why, or which file"
    if block.language == "stata":
        assert block.mark == "not run", f"{block.place}: no test has Stata"


def make_targets() -> set[str]:
    text = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony is not None
    return set(phony[1].split())


def code_of(page: str) -> str:
    """Blocks to type and code within lines of a page."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    typed = [b.body for b in PAGES[page] if b.language == "sh"]
    return "\n".join([*typed, *spans]).replace("\\\n", " ")


@pytest.mark.parametrize("page", PAGES)
def test_targets_of_make_exist(page: str):
    named = {
        word
        for line in re.findall(r"^make\b[^\n#]*", code_of(page), re.MULTILINE)
        for word in line.split()[1:]
        if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")
    }
    assert named <= make_targets()


def test_every_target_is_told_in_the_readme():
    for page in ("README.md", "README.zh-CN.md"):
        text = (REPOSITORY / page).read_text(encoding="utf-8")
        told = set(re.findall(r"^\| `make ?([a-z-]*)`", text, re.MULTILINE))
        assert told - {""} == make_targets() - {"all", "demo"}, page


@pytest.mark.parametrize("page", [page for page in PAGES if "yrb-carbon " in code_of(page)])
def test_commands_and_options_exist(page: str):
    from yrb_carbon.cli import app

    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for line in re.findall(r"yrb-carbon ([a-z][^\n#|]*)", code_of(page)):
        words = shlex.split(line.split("` ")[0].replace("…", "").replace("'", ""))
        assert words[0] in commands, f"{page}: yrb-carbon {line}"
        known = {option for p in commands[words[0]].params for option in p.opts + p.secondary_opts}
        own = words[: words.index("--")] if "--" in words else words
        used = {word.split("=")[0] for word in own if word.startswith("--")}
        if words[0] != "run":
            assert used <= known, f"{page}: yrb-carbon {line}"


def test_every_command_is_told_in_the_readmes():
    from yrb_carbon.cli import app

    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for page in ("README.md", "README.zh-CN.md"):
        text = (REPOSITORY / page).read_text(encoding="utf-8")
        assert {name for name in commands if f"| `.venv/bin/yrb-carbon {name}" not in text} == set()
