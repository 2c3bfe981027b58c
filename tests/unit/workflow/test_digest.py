"""The digest of the code behind a rule, and the rules that carry it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from yrb_carbon.workflow import digest
from yrb_carbon.workflow.digest import SCRIPTS_FOLDER, code_digest, import_closure

RULES = sorted((SCRIPTS_FOLDER.parent / "rules").glob("*.smk"))
SCRIPTS = sorted(SCRIPTS_FOLDER.glob("*.py"))
RULE = re.compile(r"^( *)rule (\w+):\n((?:\1 +.*\n|\n)+)", re.M)
MAX_LINES = 25

Edit = Callable[[str, str], None]

EVERYWHERE = """
class A:
    if True:
        pass
    elif False:
        import yrb_carbon.m1
    else:
        import yrb_carbon.m2
try:
    with open("x") as handle:
        import yrb_carbon.m3
except ValueError:
    import yrb_carbon.m4
else:
    import yrb_carbon.m5
finally:
    import yrb_carbon.m6
for _ in ():
    match handle:
        case 1:
            import yrb_carbon.m7
while False:
    async def f():
        async with handle:
            import yrb_carbon.m8
"""


def forget() -> None:
    """Begin anew, as another process does."""
    for known in (digest._parsed, digest._reached, digest._memory):
        known.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package in the place of ours.

    The script imports `a`; `a` imports `b` by a relative import inside a function; `lonely` is
    imported by nobody; `shop` is a registry that names `bread` and `milk`.
    """
    home = tmp_path / "yrb_carbon"
    files = {
        "__init__.py": '"""Root."""\n',
        "a.py": "def f():\n    from .b import g\n    return g()\n",
        "b.py": "def g():\n    return 1\n",
        "lonely.py": "x = 1\n",
        "shop/__init__.py": "NAMES = ('bread', 'milk')\ndef sell(name):\n    return name\n",
        "shop/bread.py": "price = 1\n",
        "shop/milk.py": "from yrb_carbon.b import g\n",
        "shop/till.py": "total = 0\n",
        "workflow/__init__.py": "",
        "workflow/scripts/work.py": "from yrb_carbon.a import f\nf()\n",
        "workflow/scripts/buy.py": "from yrb_carbon.shop import sell\n",
        "workflow/scripts/count.py": "from yrb_carbon.shop.till import total\n",
        "workflow/scripts/whole.py": "import yrb_carbon.shop\n",
    }
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(digest, "PACKAGE_FOLDER", home)
    monkeypatch.setattr(digest, "SCRIPTS_FOLDER", home / "workflow/scripts")
    monkeypatch.setattr(digest, "MEMORY", tmp_path / "run" / "modules.json")
    forget()
    yield home
    forget()


@pytest.fixture
def rewrite(package: Path) -> Edit:
    def rewrite(name: str, text: str) -> None:
        (package / name).write_text(text, encoding="utf-8")
        forget()

    return rewrite


def scripts_of(package: Path) -> list[Path]:
    return sorted((package / "workflow/scripts").glob("*.py"))


def names(package: Path, script: str) -> set[str]:
    found = import_closure(package / "workflow/scripts" / script)
    return {path.relative_to(package).as_posix() for path in found[1:]}


def test_closure_follows_relative_imports_inside_functions(package):
    assert names(package, "work.py") == {"__init__.py", "a.py", "b.py"}


def test_imports_are_found_in_every_kind_of_block(package, rewrite):
    modules = {f"m{number}.py" for number in range(1, 9)}
    for name in modules:
        rewrite(name, "x = 1\n")
    rewrite("b.py", EVERYWHERE)
    assert names(package, "work.py") == {"__init__.py", "a.py", "b.py", *modules}


def test_a_registry_counts_where_something_is_taken_from_it(package):
    bought = {"__init__.py", "shop/__init__.py", "shop/bread.py", "shop/milk.py", "b.py"}
    assert names(package, "buy.py") == bought
    assert names(package, "whole.py") == bought


def test_a_registry_does_not_count_for_its_neighbours(package):
    """Importing `shop.till` runs `shop/__init__.py`, but sells nothing."""
    assert names(package, "count.py") == {"__init__.py", "shop/__init__.py", "shop/till.py"}


@pytest.mark.parametrize("name", ["a.py", "b.py", "__init__.py"])
def test_remarks_blank_lines_and_layout_do_not_count(package, rewrite, name):
    before = code_digest("work.py")
    text = (package / name).read_text(encoding="utf-8")
    rewrite(name, f"# a remark\n\n\n{text.replace('return 1', 'return (1)')}  # another\n")
    assert code_digest("work.py") == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("b.py", "def g():\n    return 2\n"),
        ("a.py", "def f():\n    from .b import g\n    return -g()\n"),
        ("workflow/scripts/work.py", "from yrb_carbon.a import f\nf(); f()\n"),
    ],
)
def test_an_edit_changes_the_digest_of_those_behind_it_only(rewrite, name, text):
    before = {script: code_digest(script) for script in ("work.py", "count.py")}
    rewrite(name, text)
    assert code_digest("work.py") != before["work.py"]
    assert code_digest("count.py") == before["count.py"]


def test_an_edit_elsewhere_does_not(rewrite):
    before = code_digest("work.py")
    rewrite("lonely.py", "x = 2\n")
    rewrite("shop/bread.py", "price = 2\n")
    assert code_digest("work.py") == before


def test_an_edit_of_a_catalogue_changes_the_digest_of_those_that_speak(package, rewrite):
    (package / "locale").mkdir()
    (package / "locale" / "zh.po").write_text("one", encoding="utf-8")
    rewrite("language.py", "x = 1\n")
    silent = code_digest("work.py")
    rewrite("b.py", "from .language import x\n\ndef g():\n    return x\n")
    speaking = code_digest("work.py")
    (package / "locale" / "zh.po").write_text("another", encoding="utf-8")
    assert code_digest("work.py") not in (silent, speaking)
    rewrite("b.py", "def g():\n    return 1\n")
    assert code_digest("work.py") == silent


def test_a_new_import_joins_the_closure(package, rewrite):
    rewrite("b.py", "from yrb_carbon import lonely\n\ndef g():\n    return lonely.x\n")
    assert "lonely.py" in names(package, "work.py")


def test_what_is_remembered_is_not_parsed_again(package, monkeypatch):
    before = {script.name: code_digest(script.name) for script in scripts_of(package)}
    forget()
    monkeypatch.setattr(digest.ast, "parse", None)
    assert {name: code_digest(name) for name in before} == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: "{}",
        lambda text: text.replace('"imports"', '"exports"'),
        lambda text: text.replace('"program": "', '"program": "0'),
        lambda text: "\x00",
    ],
    ids=["cut", "a list", "empty", "other keys", "another program", "no text"],
)
def test_a_memory_that_cannot_be_used_is_written_anew(package, damage):
    before, text = code_digest("work.py"), digest.MEMORY.read_text(encoding="utf-8")
    digest.MEMORY.write_text(damage(text), encoding="utf-8")
    forget()
    assert code_digest("work.py") == before
    assert digest.MEMORY.read_text(encoding="utf-8") == text


def test_a_folder_that_cannot_be_written_costs_no_digest(package, monkeypatch):
    before = code_digest("work.py")
    # a file stands where the folder should be
    monkeypatch.setattr(digest, "MEMORY", package / "a.py" / "modules.json")
    forget()
    assert code_digest("work.py") == before


def test_equal_files_of_two_packages_are_remembered_apart(package, rewrite):
    """A relative import of one text means something else in another package."""
    rewrite("workflow/scripts/count.py", "from yrb_carbon.shop.milk import f\n")
    rewrite("shop/milk.py", (package / "a.py").read_text(encoding="utf-8"))
    rewrite("shop/b.py", "def g():\n    return 3\n")
    for _ in range(2):
        forget()
        code_digest("work.py"), code_digest("count.py")
        assert names(package, "work.py") == {"__init__.py", "a.py", "b.py"}
        assert {"shop/b.py", "shop/milk.py"} <= names(package, "count.py")


def test_a_module_that_a_registry_names_joins_when_it_comes(package, rewrite):
    before = code_digest("buy.py")
    rewrite(
        "shop/__init__.py", "NAMES = ('bread', 'milk', 'honey')\ndef sell(name):\n    return name\n"
    )
    without = code_digest("buy.py")
    rewrite("shop/honey.py", "price = 3\n")
    assert len({before, without, code_digest("buy.py")}) == 3


def test_readers_are_behind_the_panel_alone():
    """In our package: readers are named in the registry of `yrb_carbon.sources`."""
    behind = {
        script.name
        for script in SCRIPTS
        if any(path.name == "fdi.py" and path.parent.name == "sources"
               for path in import_closure(script))
    }  # fmt: skip
    assert behind == {"assemble_panel.py"}


def rules() -> list[tuple[str, str]]:
    found = []
    for path in RULES:
        found += [(m[2], m[3]) for m in RULE.finditer(path.read_text(encoding="utf-8"))]
    return found


def test_rules_are_found():
    text = "".join(path.read_text(encoding="utf-8") for path in RULES)
    assert len(rules()) == len(re.findall(r"^ *(?:rule|checkpoint) \w+:", text, re.M)) >= 15


@pytest.mark.parametrize(("name", "body"), rules(), ids=[name for name, _ in rules()])
def test_every_rule_is_complete(name, body):
    script = re.search(r'script:\s+"\.\./scripts/(\w+\.py)"', body)
    assert script, f"rule {name} has no script"
    assert f'code=code("{script[1]}")' in body
    for part in ("log", "benchmark", "threads", "message", "output"):
        assert re.search(rf"^ +{part}:", body, re.M), f"rule {name} has no {part}"
    assert not re.search(r"^ +(run|shell):", body, re.M)


def test_every_script_belongs_to_one_rule():
    used = [re.search(r"scripts/(\w+\.py)", body)[1] for _, body in rules()]
    assert sorted(used) == [script.name for script in SCRIPTS]


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_scripts_are_short_and_framed(script):
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    assert "with job(snakemake)" in text


def test_the_snakefile_is_a_table_of_contents(repository: Path):
    assert len((repository / "Snakefile").read_text(encoding="utf-8").splitlines()) < 60
