"""A budget that misses a planted offender guards nothing."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.architecture import measures
from tests.architecture.measures import Offence, Source

if TYPE_CHECKING:
    from pathlib import Path


def source(text: str, path: str = "pkg/module.py") -> Source:
    """Return a module with *text*."""
    return Source.parse(path, dedent(text))


class TestSizes:
    def test_a_module_may_have_as_many_lines_as_the_limit(self) -> None:
        """The limit is the last good number."""
        full, over = source("x = 1\n" * 4, "full.py"), source("x = 1\n" * 5, "over.py")

        assert list(measures.long_modules([full, over], limit=4)) == [Offence("over.py", "5 lines")]

    def test_a_docstring_does_not_lengthen_its_function(self) -> None:
        """Nobody should save on explanations."""
        documented = source('''
            def f():
                """Say.

                Much.
                """
                return 1
        ''')
        worked = source("""
            async def g():
                a = 1
                b = 2
                return a + b
        """)

        found = list(measures.long_functions([documented, worked], limit=3))

        assert found == [Offence("pkg/module.py:2", "g has 4 lines")]


class TestLooseReturns:
    @pytest.mark.parametrize(
        "annotation",
        [
            "dict[str, Any]",
            "typing.Mapping[str, object]",
            "tuple[int, dict[str, typing.Any]]",
            "dict[str, list[object]]",
        ],
    )
    def test_a_mapping_to_anything_is_found_wherever_it_hides(self, annotation: str) -> None:
        """Wrapping it in a tuple does not give it a shape."""
        loose = source(f"def f() -> {annotation}: ...")

        assert [str(o) for o in measures.loose_returns([loose])] == [
            "pkg/module.py:1: f returns a mapping to anything"
        ]

    @pytest.mark.parametrize("annotation", ["dict[str, int]", "object", "Iterable[object]", "None"])
    def test_other_results_pass(self, annotation: str) -> None:
        """A false alarm teaches people to switch the alarm off."""
        assert not list(measures.loose_returns([source(f"def f() -> {annotation}: ...")]))

    def test_private_functions_are_their_owners_business(self) -> None:
        """The budget protects callers."""
        assert not list(measures.loose_returns([source("def _f() -> dict[str, object]: ...")]))


class TestVagueNames:
    @pytest.mark.parametrize(
        "name",
        ["PluginManager", "RunHelper", "BaseAgent", "AbstractStore", "_BaseRun", "StageInfo"],
    )
    def test_a_class_that_could_be_anything_is_found(self, name: str) -> None:
        """A reader cannot guess what it does not do."""
        assert list(measures.vague_names([source(f"class {name}: ...")]))

    @pytest.mark.parametrize("name", ["Catalog", "Handled", "Baseline", "Database", "PersonalData"])
    def test_a_word_that_only_contains_one_passes(self, name: str) -> None:
        """The rule is about names, not about letters."""
        assert not list(measures.vague_names([source(f"class {name}: ...")]))

    @pytest.mark.parametrize(
        ("stem", "vague"), [("utils", True), ("types", True), ("names", False)]
    )
    def test_a_module_is_a_noun_that_a_user_would_say(self, stem: str, *, vague: bool) -> None:
        """Everything fits into utils."""
        found = list(measures.vague_names([source("", f"pkg/{stem}.py")]))

        assert bool(found) is vague


class TestTwinModels:
    def test_two_records_of_one_thing_are_found_across_modules(self) -> None:
        """The second is usually written by someone who did not find the first."""
        one = source("class Run:\n a: int\n b: int\n c: int\n d: int", "one.py")
        two = source("class Execution:\n a: int\n b: int\n c: int\n d: int\n e: int", "two.py")

        found = [str(offence) for offence in measures.twin_models([one, two])]

        assert found == ["one.py:1: Run is nearly Execution of two.py"]

    def test_small_or_different_records_are_not_twins(self) -> None:
        """A point and a size may both have x and y."""
        small = source("class A:\n x: int\n y: int\nclass B:\n x: int\n y: int")
        other = source(
            "class C:\n a: int\n b: int\n c: int\n d: int\n"
            "class D:\n a: int\n b: int\n e: int\n f: int\n"
        )

        assert not list(measures.twin_models([small, other]))


class TestLoneAbstractions:
    def test_an_abstract_class_with_one_child_is_found(self) -> None:
        """The child says everything that the parent says."""
        lone = source("class A(ABC): ...\nclass B(A): ...")

        assert [offence.what for offence in measures.lone_abstractions([lone])] == [
            "A abstracts from 1 classes"
        ]

    def test_two_children_justify_it(self) -> None:
        """Now there is something in common."""
        shared = source(
            "class A(metaclass=abc.ABCMeta): ...\nclass B(A): ...\nclass C(A[int]): ..."
        )

        assert not list(measures.lone_abstractions([shared]))


class TestNarration:
    @pytest.mark.parametrize(
        "comment",
        ["# Step 1: load", "# now we sort", "# Create the index", "# check if empty", "# -------"],
    )
    def test_a_comment_that_repeats_the_code_is_found(self, comment: str) -> None:
        """It will be wrong after the next edit."""
        assert list(measures.narrating_comments([source(f"x = 1  {comment}")]))

    @pytest.mark.parametrize(
        "comment", ["# measured: 41 us", "# pluggy 1.6 keeps it", "# check_marks has run by then"]
    )
    def test_a_comment_that_knows_more_than_the_code_passes(self, comment: str) -> None:
        """These are the ones worth writing."""
        assert not list(measures.narrating_comments([source(f"x = 1  {comment}")]))

    def test_text_is_not_a_comment(self) -> None:
        """A template may hold the words."""
        assert not list(measures.narrating_comments([source('x = "# Step 1: load"')]))


class TestAnnotations:
    def test_every_kind_of_parameter_needs_a_type(self) -> None:
        """One unknown spreads to all that it touches."""
        bare = source("def f(a, /, b: int, *c, d, **e): ...")

        assert [offence.what for offence in measures.unannotated([bare])] == [
            "f leaves a, d, c, e, its result untyped"
        ]

    def test_self_needs_none_but_a_static_method_has_no_self(self) -> None:
        """Python gives self its type; nobody gives one to the first argument of a function."""
        methods = source("""
            class A:
                def bound(self) -> None: ...
                @classmethod
                def made(cls) -> None: ...
                @staticmethod
                def loose(first) -> None: ...
        """)

        assert [offence.what for offence in measures.unannotated([methods])] == [
            "loose leaves first untyped"
        ]


class TestPrivateWords:
    @pytest.mark.parametrize(
        "words",
        [
            "see /wor" + "k/main",
            "as issue" + " #12 says",
            "the CE" + "O wants",
            "in this sess" + "ion",
            "../sha" + "red/data",
            "as STYLE" + ".md says",
            "https://pyp" + "i.org/simple",
        ],
    )
    def test_a_word_of_this_workplace_is_found(self, words: str) -> None:
        """Nobody else can look it up."""
        assert [offence.place for offence in measures.private_words("a.md", f"\n{words}")] == [
            "a.md:2"
        ]

    def test_ordinary_words_pass(self) -> None:
        """Projects have sessions, issues and shared things of their own."""
        text = "a pytest session; github.com/o/r/issues/12; a shared lock; /homework/x; rework/y"

        assert not list(measures.private_words("a.md", text))


class TestReading:
    def test_templates_are_not_code_yet(self, tmp_path: Path) -> None:
        """A template's placeholders need not parse."""
        (tmp_path / "pkg" / "templates").mkdir(parents=True)
        (tmp_path / "pkg" / "a.py").write_text("x = 1\n", encoding="utf-8")
        (tmp_path / "pkg" / "templates" / "b.py").write_text("{{", encoding="utf-8")

        found = measures.read_sources(tmp_path / "pkg", root=tmp_path)

        assert [module.path for module in found] == ["pkg/a.py"]
