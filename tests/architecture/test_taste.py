"""The budgets that keep the code small enough to be read in one sitting."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.architecture import measures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.architecture.measures import Offence, Source

ROOT = Path(__file__).parents[2]
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_NARRATION_PER_THOUSAND_LINES = 2

BROKEN = ROOT / "sample_agents" / "broken-agents"  # its faults are its purpose
FOLDERS = sorted(
    folder
    for pattern in ("registry_core", "plugins/*/src", "sample_agents/*/src")
    for folder in ROOT.glob(pattern)
    if BROKEN not in folder.parents
)


@cache
def _read(folder: Path) -> tuple[Source, ...]:
    return measures.read_sources(folder, root=ROOT)


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.relative_to(ROOT).as_posix())
def sources(request: pytest.FixtureRequest) -> tuple[Source, ...]:
    """Return the modules of one distribution."""
    return _read(request.param)


def _none(offences: Iterable[Offence]) -> None:
    if listed := "\n".join(map(str, offences)):
        pytest.fail(listed, pytrace=False)


class TestBudgets:
    def test_a_module_keeps_one_promise(self, sources: tuple[Source, ...]) -> None:
        """A file that does not fit into a head gets read by nobody."""
        _none(measures.long_modules(sources, limit=MAX_MODULE_LINES))

    def test_a_function_fits_on_a_screen(self, sources: tuple[Source, ...]) -> None:
        """What scrolls away cannot be reviewed."""
        _none(measures.long_functions(sources, limit=MAX_FUNCTION_LINES))

    def test_results_have_a_shape(self, sources: tuple[Source, ...]) -> None:
        """A caller handed a mapping to anything has to read the body to use it."""
        _none(measures.loose_returns(sources))

    def test_names_say_what_they_name(self, sources: tuple[Source, ...]) -> None:
        """A vague name is a job that was not yet understood."""
        _none(measures.vague_names(sources))

    def test_no_two_models_are_twins(self, sources: tuple[Source, ...]) -> None:
        """Two records of one thing drift apart."""
        _none(measures.twin_models(sources))

    def test_abstractions_have_two_uses(self, sources: tuple[Source, ...]) -> None:
        """An abstract class with one child is a detour."""
        _none(measures.lone_abstractions(sources))

    def test_comments_do_not_narrate(self, sources: tuple[Source, ...]) -> None:
        """A comment that repeats the code teaches readers to skip comments."""
        lines = sum(source.text.count("\n") for source in sources)
        offences = tuple(measures.narrating_comments(sources))

        if len(offences) > MAX_NARRATION_PER_THOUSAND_LINES * lines / 1000:
            _none(offences)

    def test_everything_is_typed(self, sources: tuple[Source, ...]) -> None:
        """A type that is missing once is unknown wherever it flows."""
        _none(measures.unannotated(sources))


class TestPrivacy:
    def test_no_file_means_something_only_here(self) -> None:
        """A stranger who clones this has none of the places where it was written."""
        listing = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        if listing.returncode != 0:
            pytest.skip("not a git checkout")
        paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]

        offences = [
            offence
            for path in paths
            if path.is_file() and (text := _text(path)) is not None
            for offence in measures.private_words(path.relative_to(ROOT).as_posix(), text)
        ]

        _none(offences)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
