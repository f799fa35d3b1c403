"""A block that the reader of pages overlooks is a block that nobody runs."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.docs.console import Command, assert_shown, commands_of, matches, run
from tests.docs.pages import Fence, anchors_of, fences_of, links_of
from tests.docs.test_links import dead_links
from tests.docs.test_pages import run_examples, run_python

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """\
# A page

```python
x = 1
```

- an item

  ```toml title="agentreg.toml"
  [pins]
    a = 1
  ```

````text
```python
not a block
```
````
~~~console
$ agentreg
~~~
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Return a page with blocks of every kind."""
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf-8")
    return path


def fence(text: str, page: Path, language: str = "") -> Fence:
    """Return a block at line 10 of *page*."""
    return Fence(page, 10, language, "", dedent(text))


class TestFences:
    def test_every_block_is_found_with_its_place(self, page: Path) -> None:
        """Indented, titled and nested ones are still blocks."""
        found = [(f.line, f.language, f.title, f.text) for f in fences_of(page)]

        assert found == [
            (4, "python", "", "x = 1\n"),
            (10, "toml", "agentreg.toml", "[pins]\n  a = 1\n"),
            (15, "text", "", "```python\nnot a block\n```\n"),
            (20, "console", "", "$ agentreg\n"),
        ]

    def test_a_traceback_names_the_line_on_the_page(self, page: Path) -> None:
        """The author looks at the page, not at a temporary file."""
        with pytest.raises(ZeroDivisionError) as caught:
            run_python(fence("a = 1\n\na / 0\n", page), {})

        assert (str(caught.traceback[-1].path), caught.traceback[-1].lineno + 1) == (str(page), 12)

    def test_prompts_share_names_and_must_print_what_they_show(self, page: Path) -> None:
        """A page tells one story."""
        names: dict[str, object] = {"a": 2}

        run_examples(fence(">>> b = a + 1\n>>> b\n3\n", page), names)

        assert names["b"] == 3
        with pytest.raises(pytest.fail.Exception, match="Expected:\n    4"):
            run_examples(fence(">>> b\n4\n", page), names)


class TestLinks:
    def test_links_in_code_are_not_links(self, page: Path) -> None:
        """An index expression looks like one."""
        text = "[a](x.md) and `[b](y.md)`\n\n```\n[c](z.md)\n```\n"
        page.write_text(text, encoding="utf-8")

        assert links_of(page) == ((1, "x.md"),)

    def test_headings_become_anchors_as_on_a_forge(self, page: Path) -> None:
        """Otherwise the check would send authors after the wrong spelling."""
        page.write_text("## `make test`, and *why*?\n", encoding="utf-8")

        assert anchors_of(page) == {"make-test-and-why"}

    def test_dead_files_and_headings_are_named(self, page: Path) -> None:
        """Both break the same way for a reader."""
        page.write_text("# Top\n[a](#top) [b](#gone)\n[c](gone.md) [d](page.md#top)\n", "utf-8")

        assert [line.partition(".md:")[2] for line in dead_links(page)] == [
            "2: #gone has no such heading",
            "3: gone.md does not exist",
        ]


class TestConsole:
    def test_a_block_is_read_as_commands_with_output(self, page: Path) -> None:
        """Long commands are continued on the next line."""
        block = fence("$ one \\\n  two\nout\n\n$ three\n", page, "console")

        assert commands_of(block) == (
            Command(str(block), "one   two", "out\n\n"),
            Command(str(block), "three", ""),
        )

    def test_output_without_a_command_is_an_error(self, page: Path) -> None:
        """Most often the prompt was forgotten."""
        with pytest.raises(ValueError, match=r"page\.md:10: output before the first command"):
            commands_of(fence("agentreg agents\n", page, "console"))

    @pytest.mark.parametrize(
        ("expected", "actual", "same"),
        [
            ("a\nb\n", "a  \nb\n\n", True),
            ("a\n...\nd\n", "a\nb\nc\nd\n", True),
            ("a\n...\nd\n", "a\nd\n", True),
            ("took ... ms\n", "took 12.5 ms\n", True),
            ("took ... ms\n", "took 1\n2 ms\n", False),
            ("a\n", "a\nb\n", False),
            ("", "surprise\n", False),
            ("a.c\n", "abc\n", False),
        ],
    )
    def test_dots_stand_for_what_varies_and_nothing_else(
        self, expected: str, actual: str, *, same: bool
    ) -> None:
        """Too lenient a comparison is no comparison."""
        assert matches(expected, actual) is same

    def test_a_command_runs_in_its_folder_with_this_python_first(self, tmp_path: Path) -> None:
        """A page's commands are those of the package under test."""
        printed = run(Command("p", "pwd; echo >&2 $COLUMNS", ""), folder=tmp_path)

        assert printed == f"{tmp_path}\n100\n"

    def test_a_difference_shows_both_sides(self, tmp_path: Path) -> None:
        """The author wants to paste the new output."""
        with pytest.raises(AssertionError, match="--- shown\nb\n--- printed\na\n"):
            assert_shown([Command("p", "echo a", "b\n")], folder=tmp_path)
