"""The rule that names tests which ought to be slow: processor time of the call, longest first."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from fast_rule import PROPERTY, processor_seconds, too_slow

SPIN = "import time\nwhile time.process_time() < 0.35: pass"


def report(name: str, seconds: float, when: str = "call") -> SimpleNamespace:
    return SimpleNamespace(nodeid=name, when=when, user_properties=[(PROPERTY, seconds)])


def test_tests_over_the_limit_are_named_the_longest_first():
    reports = [report("a", 2.5), report("b", 0.5), report("c", 31.25), report("d", 9.0, "setup")]
    assert too_slow(reports, 2.0) == ["  31.2 s  c", "   2.5 s  a"]
    assert too_slow(reports, 40.0) == []


def test_other_properties_of_a_test_are_not_its_time():
    odd = SimpleNamespace(nodeid="a", when="call", user_properties=[("other", 99.0)])
    assert too_slow([odd], 1.0) == []


def test_time_of_programs_that_a_test_runs_counts():
    before = processor_seconds()
    subprocess.run([sys.executable, "-c", SPIN], check=True)
    # the system counts in hundredths
    assert processor_seconds() - before > 0.29


@pytest.mark.slow
def test_hooks_note_the_time_and_the_closing_lines_name_the_test(tmp_path, repository):
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "conftest.py").write_bytes((repository / "tests/conftest.py").read_bytes())
    spin = "import time\ndef test_spins():\n    end = time.process_time() + 0.3\n"
    spin += "    while time.process_time() < end: pass\ndef test_is_quick(): pass\n"
    (folder / "test_two.py").write_text(spin, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--fast-seconds", "0.2", "-p", "no:cacheprovider",
         "-o", f"pythonpath={repository / 'tests/support'}", "-c", "/dev/null",
         "--rootdir", str(folder), str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    named = [line for line in done.stdout.splitlines() if "test_two.py::" in line]
    assert [line.rsplit("::", 1)[1] for line in named] == ["test_spins"]
    assert "over 0.2 s of processor time" in done.stdout
