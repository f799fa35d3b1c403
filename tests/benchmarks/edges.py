"""Whether what was said to fit is ever refused: ten thousand values through the codec of runs."""

from __future__ import annotations

from itertools import count

from registry_core.schemas.from_model import schema_of
from registry_core.schemas.subtype import compare
from registry_core.schemas.verdict import Fits
from tests.benchmarks.frame import benchmark
from tests.catalog.worlds import dice
from tests.schemas.edges import drawn_pair, flows, generated

VALUES = 10_000
_EACH = 50


@benchmark(name=f"accepted edges: values refused at run time, of {VALUES:,}", unit="values", goal=0)
def refused() -> float:
    """Values that the producer's class holds and the consumer's refuses, over random pairs."""
    rng = dice(2026)
    crossed = refusals = 0
    for number in count():
        producer, consumer = drawn_pair(rng)
        given_as = schema_of(producer).emits
        if not isinstance(compare(given_as, schema_of(consumer).accepts), Fits):
            continue
        for flow in flows(producer, consumer, generated(given_as, number=_EACH, first=number)):
            crossed += flow.given
            refusals += flow.given and not flow.taken
        if crossed >= VALUES:
            break
    return refusals
