"""Composition problems made to be hard, from a seed.

Two kinds. `layered` is built like a Web Service Challenge set: a taxonomy, one hidden
composition in layers, each of its services with stand-ins and partial doubles, and many
services that lead nowhere. `covering` is a set cover in disguise, in which the service
that looks best is a trap for anything greedy.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from registry_core.composer.index import Operation, OperationIndex, TypeId
from registry_core.composer.problem import Problem

__all__ = ["Layered", "covering", "layered"]


@dataclass(frozen=True, slots=True)
class Layered:
    """Shape of a layered set.

    Attributes:
        services: How many in all.
        layers: Length of the hidden composition.
        width: Services in each of its layers.
        doubles: Stand-ins and partial doubles of each of them.
        seed: The same seed gives the same set.
    """

    services: int
    layers: int = 6
    width: int = 4
    doubles: int = 4
    seed: int = 0


def layered(shape: Layered) -> Problem:
    """Return a problem whose goal is the last layer of a hidden composition."""
    random = Random(shape.seed)  # noqa: S311 -- repeatable, not secret
    taxonomy = _taxonomy(random, leaves=max(200, shape.services))
    leaves = list(taxonomy)
    random.shuffle(leaves)
    fresh = iter(leaves)
    operations: list[Operation] = []
    have = [next(fresh) for _ in range(3)]
    known = list(have)
    made: list[TypeId] = []
    for _ in range(shape.layers):
        made = []
        for _ in range(shape.width):
            needs = random.sample(known, k=min(len(known), random.randint(1, 4)))
            gives = [next(fresh) for _ in range(random.randint(1, 3))]
            made += gives
            for _ in range(1 + random.randrange(shape.doubles)):
                some = random.sample(gives, k=random.randint(1, len(gives)))
                fewer = random.sample(needs, k=random.randint(1, len(needs)))
                operations.append(_service(random, operations, fewer, some, taxonomy))
            operations.append(_service(random, operations, needs, gives, taxonomy))
        known = random.sample(known, k=min(len(known), shape.width)) + made
    rest = list(fresh)
    while len(operations) < shape.services:
        needs = [*random.sample(rest, k=random.randint(1, 3)), *random.sample(leaves, k=1)]
        gives = random.sample(leaves, k=random.randint(1, 5))
        operations.append(Operation(f"serv{len(operations):06}", tuple(needs), tuple(gives)))
    random.shuffle(operations)
    index = OperationIndex(operations, satisfies=taxonomy)
    return Problem(index, tuple(have), tuple(random.sample(made, k=min(3, len(made)))))


def _service(
    random: Random,
    operations: list[Operation],
    needs: list[TypeId],
    gives: list[TypeId],
    taxonomy: dict[TypeId, list[TypeId]],
) -> Operation:
    """One service; some needs are asked for by a broader concept."""
    broad = [random.choice(taxonomy[n][:2]) for n in needs]
    return Operation(f"serv{len(operations):06}", tuple(broad), tuple(gives))


def _taxonomy(random: Random, *, leaves: int) -> dict[TypeId, list[TypeId]]:
    """For each leaf concept the concepts it is a kind of, itself first."""
    broader = [0, *(random.randrange(concept) for concept in range(1, leaves))]
    inner = [f"kind{concept}" for concept in range(leaves)]
    found: dict[TypeId, list[TypeId]] = {}
    for leaf in range(leaves):
        chain: list[TypeId] = [f"con{leaf}"]
        concept = leaf
        while concept and len(chain) < 8:
            chain.append(inner[concept])
            concept = broader[concept]
        found[f"con{leaf}"] = chain
    return found


def covering(*, goals: int, services: int, seed: int = 0, steps: int = 2) -> Problem:
    """Return a problem that wants many things of which each service gives a few.

    Each service stands at the end of a chain of its own group, so that choosing it pays
    for the chain once. One service gives more than any other and leaves a bad rest.
    """
    random = Random(seed)  # noqa: S311 -- repeatable, not secret
    operations: list[Operation] = []
    groups = max(1, services // 6)
    for group in range(groups):
        for step in range(random.randint(0, steps)):
            source = ("have",) if step == 0 else (f"g{group}.{step - 1}",)
            operations.append(Operation(f"chain{group:03}.{step}", source, (f"g{group}.{step}",)))
    ends = {o.gives[0] for o in operations} - {n for o in operations for n in o.needs}
    starts: list[TypeId] = [*sorted(map(str, ends)), "have"]
    for number in range(services):
        needs = random.sample(starts, k=min(len(starts), random.randint(1, 2)))
        gives = random.sample(range(goals), k=random.randint(2, max(2, goals // 5)))
        operations.append(Operation(f"cover{number:03}", tuple(needs), tuple(gives)))
    greedy = tuple(range(0, goals, 2))
    operations.append(Operation("zz-trap", ("have",), greedy))
    operations += [Operation(f"single{goal:03}", ("have",), (goal,)) for goal in range(goals)]
    index = OperationIndex(operations)
    return Problem(index, ("have",), tuple(range(goals)))
