"""What a page shows is what a reader gets."""

from __future__ import annotations

import doctest
import json
import sys
import tomllib
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from tests.docs.console import matches
from tests.docs.pages import PAGES, ROOT, Fence, fences_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A tutorial is replayed whole, in an environment of its own, by the journeys.
RUNNABLE = [
    page
    for page in PAGES
    if page.parent.name != "tutorial"
    and any(fence.language in {"python", "pycon"} for fence in fences_of(page))
]
PARSERS = {"toml": tomllib.loads, "json": json.loads}
PARSEABLE = [fence for page in PAGES for fence in fences_of(page) if fence.language in PARSERS]

_EXAMPLES = doctest.DocTestParser()
_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run_python(fence: Fence, namespace: dict[str, object]) -> None:
    """Run a block so that a traceback names the page and the line."""
    padded = "\n" * (fence.line - 1) + fence.text
    code = compile(padded, str(fence.page), "exec", dont_inherit=True)
    exec(code, namespace)  # noqa: S102 -- the pages are ours


def run_examples(fence: Fence, namespace: dict[str, object]) -> None:
    """Run a block of prompts and compare what they print."""
    test = _EXAMPLES.get_doctest(fence.text, namespace, str(fence), str(fence.page), fence.line - 1)
    printed: list[str] = []
    doctest.DocTestRunner(optionflags=_OPTIONS).run(test, out=printed.append, clear_globs=False)
    namespace.update(test.globs)
    if printed:
        pytest.fail("".join(printed), pytrace=False)


@pytest.fixture
def namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """Return the names of a fresh ``__main__``, in a folder that can be imported from.

    The folder holds the parts of the checkout, for pages that open one of their files.
    """
    known = set(sys.modules)
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    for parts in ("plugins", "sample_agents"):
        (tmp_path / parts).symlink_to(ROOT / parts)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield vars(main)
    for name in set(sys.modules) - known:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.requirement("R100")
class TestBlocks:
    @pytest.mark.parametrize("page", RUNNABLE, ids=name_of)
    def test_python_runs_as_if_pasted_from_top_to_bottom(
        self,
        page: Path,
        namespace: dict[str, object],
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The first thing a newcomer does is paste; an ``output`` block is what that prints."""
        for fence in fences_of(page):
            match fence.language:
                case "python":
                    capsys.readouterr()
                    if fence.title:
                        (tmp_path / fence.title).write_text(fence.text, encoding="utf-8")
                    run_python(fence, namespace)
                case "pycon":
                    run_examples(fence, namespace)
                case "output":
                    printed = capsys.readouterr().out
                    assert matches(fence.text, printed), f"{fence}: printed\n{printed}"
                case _:
                    pass

    @pytest.mark.parametrize("fence", PARSEABLE, ids=str)
    def test_settings_and_data_parse(self, fence: Fence) -> None:
        """A reader copies a settings block whole, comma faults included."""
        PARSERS[fence.language](fence.text)

    @pytest.mark.parametrize("page", PAGES, ids=name_of)
    def test_text_is_whole(self, page: Path) -> None:
        """A replacement character is text that somebody lost."""
        text = page.read_bytes().decode("utf-8")

        assert "\N{REPLACEMENT CHARACTER}" not in text
