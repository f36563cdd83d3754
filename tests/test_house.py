"""The rules of the house that no other tool keeps: names, lengths, imports, configuration, lock files."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
OTHER_PYTHON = sorted(path for name in ("tests", "benchmarks", "examples") for path in (ROOT / name).rglob("*.py"))

LONGEST_FILE = 400
NO_NOUNS = {"manager", "helper", "util", "utility", "common", "base", "misc"}
HIDDEN_IMPORTS_ALLOWED: set[str] = set()
"""Files of src that may import inside a function, each with its reason beside it."""

REGISTRY_HOSTS = re.compile(r"\bpypi\.org|\bpythonhosted\.org|\bregistry\.(npmjs|yarnpkg)\.|\bdeb\.debian\.org", re.I)
PATHS_OF_ONE_MACHINE = re.compile(r"(?<![\w.-])/(work|farm)/")


def in_repo(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def words(name: str) -> set[str]:
    """The words of ``snake_case`` and ``CamelCase`` names, in the singular."""
    return {word.lower().removesuffix("s") for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def tracked_files() -> Iterator[Path]:
    """Every file but those that .gitignore names, which is how it looks in a checkout without git too."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [".git", *(line.removesuffix("/") for line in lines if line and not line.startswith("#"))]

    def is_ignored(path: Path) -> bool:
        anchored = f"/{in_repo(path)}"
        return any(fnmatch(anchored if pattern.startswith("/") else path.name, pattern) for pattern in ignored)

    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if is_ignored(path) or path.is_symlink():
                continue
            if path.is_dir():
                folders.append(path)
            else:
                yield path


def reads_of_the_environment(tree: ast.Module) -> Iterator[int]:
    readers = {"environ", "environb", "getenv", "getenvb"}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in readers:
                yield node.lineno
            case ast.ImportFrom(module="os", names=names) if readers & {name.name for name in names}:
                yield node.lineno


def hidden_imports(tree: ast.Module) -> Iterator[int]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from (node.lineno for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom))


@pytest.mark.parametrize("path", [*SOURCES, *OTHER_PYTHON], ids=in_repo)
def test_every_file_and_class_has_a_noun(path: Path) -> None:
    names = [path.stem, *(node.name for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef))]
    assert [name for name in names if words(name) & NO_NOUNS] == []


@pytest.mark.parametrize("path", SOURCES, ids=in_repo)
def test_no_source_file_is_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=in_repo)
def test_only_settings_read_the_environment(path: Path) -> None:
    if in_repo(path) != "src/livethread/settings/__init__.py":
        assert list(reads_of_the_environment(tree_of(path))) == []


@pytest.mark.parametrize("path", SOURCES, ids=in_repo)
def test_every_import_stands_at_the_top(path: Path) -> None:
    if in_repo(path) not in HIDDEN_IMPORTS_ALLOWED:
        assert list(hidden_imports(tree_of(path))) == []


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{in_repo(path)}: {hit.group()}"
            for rule in (REGISTRY_HOSTS, PATHS_OF_ONE_MACHINE)
            for hit in rule.finditer(text)
        ]
    assert found == []


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").rglob("*.txt")), ids=in_repo)
def test_python_locks_are_hashed_and_name_no_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    pins = [entry for entry in re.split(r"\n(?=\S)", text) if not entry.startswith("#")]
    assert pins
    assert [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


@pytest.mark.parametrize("path", [path for path in tracked_files() if path.name == "package-lock.json"], ids=in_repo)
def test_node_locks_are_hashed_and_name_no_host(path: Path) -> None:
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    installed = {name: package for name, package in packages.items() if name and not package.get("link")}
    assert installed
    assert [name for name, package in installed.items() if "://" in package.get("resolved", "")] == []
    assert [name for name, package in installed.items() if "integrity" not in package] == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import os\nos.environ['A']", [2]),
        ("from os import getenv", [1]),
        ("import os\nos.getpid()", []),
    ],
)
def test_a_read_of_the_environment_is_seen(source: str, lines: list[int]) -> None:
    assert list(reads_of_the_environment(ast.parse(source))) == lines


def test_a_hidden_import_is_seen() -> None:
    assert list(hidden_imports(ast.parse("import os\ndef f():\n    import json\n"))) == [3]


@pytest.mark.parametrize("name", ["ThreadManager", "http_utils", "BaseStore", "SSEHelper", "Misc"])
def test_a_name_without_a_noun_is_seen(name: str) -> None:
    assert words(name) & NO_NOUNS


@pytest.mark.parametrize("name", ["Database", "ThreadLog", "SQLiteStore", "baseline"])
def test_a_proper_name_passes(name: str) -> None:
    assert not words(name) & NO_NOUNS
