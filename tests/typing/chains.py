"""Pipelines written by hand, as an editor sees them: only type checkers run this.

An ignore comment marks a mistake that both checkers must find; one that is not needed is an
error itself, so a checker that stops seeing the mistake fails this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type  # noqa: TID251 -- what a checker must infer

from registry_core import FromInput, Pipeline, Policy, Registry, agent

if TYPE_CHECKING:
    from registry_core import RunContext


class Page:
    """What is read."""


class Tone:
    """How it sounds."""


@agent
def read(path: str) -> Page:
    """Return the page at *path*."""
    raise FileNotFoundError(path)


@agent(idempotent=True)
async def feel(page: Page, context: RunContext) -> Tone:
    """Return the tone of *page*."""
    raise LookupError(page, context)


@agent
def report(page: Page, tone: Tone, title: str = "Report") -> str:
    """Return a text on *page*."""
    return f"{title}: {page} {tone}"


@agent
def join(first: Page, second: Page, tone: Tone) -> str:
    """Return a text on two pages."""
    return f"{first} {second} {tone}"


@agent
def today() -> str:
    """Return the date."""
    return "2026-01-01"


@agent
class Shorten:
    """Makes a text short."""

    def __init__(self, config: Policy) -> None:
        """Keep *config*."""
        self.config = config

    async def process(self, text: str, context: RunContext) -> bytes:
        """Return the beginning of *text*."""
        return text[: context.attempt].encode()


@agent
class Count:
    """Counts bytes."""

    def process(self, data: bytes) -> int:
        """Return how many there are."""
        return len(data)


def chains_that_match_know_both_ends() -> None:
    """What a chain takes and gives follows from its stages, async or not, function or class."""
    assert_type(Pipeline("p").stage(read), Pipeline[str, Page])
    assert_type(Pipeline("p").stage(read).stage(feel), Pipeline[str, Tone])
    assert_type(Pipeline("p").stage(read).stage(feel).stage(report), Pipeline[str, str])
    assert_type(Pipeline("p").stage(Shorten).stage(Count), Pipeline[str, int])
    assert_type(Pipeline("p").stage(read, id="first", policy=Policy()), Pipeline[str, Page])
    assert_type(Pipeline("p").stage(today).stage(Shorten), Pipeline[Any, bytes])


def chains_that_do_not_match_are_mistakes() -> None:
    """It turns red where it is written, and not where it is run."""
    Pipeline("p").stage(read).stage(read)  # type: ignore[arg-type]
    Pipeline("p").stage(read).stage(Count)  # type: ignore[arg-type]
    Pipeline("p").stage(Shorten).stage(feel)  # type: ignore[arg-type]
    Pipeline("p").stage(Count).stage(Shorten)  # type: ignore[arg-type]
    Pipeline("p").stage(Shorten).stage(report)  # type: ignore[arg-type]
    Pipeline("p").stage(read).stage("parts/strip").stage(feel).stage(Count)  # type: ignore[arg-type]
    Pipeline("p").stage(read, ID="first")  # type: ignore[call-overload]


def what_a_checker_cannot_know_is_left_to_binding() -> None:
    """An agent that is only named, and one whose inputs are told where they come from."""
    assert_type(Pipeline("p").stage("parts/read"), Pipeline[Any, Any])
    assert_type(Pipeline("p").stage(read).stage("parts/strip"), Pipeline[str, Any])
    assert_type(Pipeline("p").stage("parts/read").stage(feel), Pipeline[Page, Tone])
    branched = Pipeline("p").stage(read).stage(feel)
    assert_type(branched.stage(feel, id="again", sources={"page": "read"}), Pipeline[str, Tone])
    joined = branched.stage(join, sources={"second": FromInput("page")})
    assert_type(joined, Pipeline[str, str])


def any_pipeline_is_a_pipeline(registry: Registry, pipeline: Pipeline) -> Pipeline:
    """Code that does not care what flows names no types."""
    for step in (read, report):
        pipeline = pipeline.stage(step)
    built: Pipeline = Pipeline("p")
    built = built.stage(read)
    return registry.bind(built.stage(feel)).stage(pipeline.stages[0].agent)


def a_pipeline_goes_where_its_types_fit(pipeline: Pipeline[str, Tone]) -> None:
    """Code that does care is told what it is given."""
    a_pipeline_goes_where_its_types_fit(Pipeline("p").stage(read).stage(feel))
    a_pipeline_goes_where_its_types_fit(pipeline)
    a_pipeline_goes_where_its_types_fit(Pipeline("p").stage(read))  # type: ignore[arg-type]
