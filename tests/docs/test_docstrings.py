"""The examples in docstrings are the reference that people read first."""

from __future__ import annotations

import doctest
import importlib
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = (
    ROOT,
    *sorted(ROOT.glob("plugins/*/src")),
    *sorted(
        folder for folder in ROOT.glob("sample_agents/*/src") if "broken" not in folder.parts[-2]
    ),
)
_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules_with_examples() -> list[str]:
    """Return the dotted names of modules that hold a prompt."""
    names: list[str] = []
    for folder in SOURCES:
        pattern = "registry_core/**/*.py" if folder == ROOT else "**/*.py"
        for path in sorted(folder.glob(pattern)):
            if ">>> " in path.read_text(encoding="utf-8"):
                parts = path.relative_to(folder).with_suffix("").parts
                names.append(".".join(parts).removesuffix(".__init__"))
    return names


@pytest.mark.requirement("R100")
@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_give_what_they_show(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example that lies is worse than none."""
    if find_spec(name.partition(".")[0]) is None:
        pytest.skip(f"{name.partition('.')[0]} is not installed")
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)

    printed: list[str] = []
    runner = doctest.DocTestRunner(optionflags=_OPTIONS)
    for test in doctest.DocTestFinder().find(module, name):
        runner.run(test, out=printed.append)

    if printed:
        pytest.fail("".join(printed), pytrace=False)
