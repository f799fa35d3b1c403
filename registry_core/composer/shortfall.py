"""Why there is no plan: how far the search got, what is missing, and what would nearly do."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from itertools import chain, islice
from typing import TYPE_CHECKING

from registry_core.composer.eligibility import barrier, describe_barrier
from registry_core.composer.layout import passed, using
from registry_core.composer.matching import asked_keys, given_keys
from registry_core.composer.question import ask
from registry_core.composer.search import begin
from registry_core.composer.solution import Unreachable
from registry_core.errors import NoPlanError
from registry_core.names import SchemaId
from registry_core.schemas.verdict import Fits, Misfit, Undecided

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from registry_core.catalog.catalog import Catalog
    from registry_core.composer.goal import CapabilityTerm, Goal
    from registry_core.composer.index import TypeId
    from registry_core.composer.question import Question
    from registry_core.composer.solution import Blocked

__all__ = ["no_plan", "refusal"]

_LINES = 6
_SHOWN = 3


def refusal(goal: Goal, reason: str, near: Iterable[str] = ()) -> NoPlanError:
    """Return the error that says that there is no plan for *goal*, for this *reason*."""
    return NoPlanError(have=_names(goal.have), want=_wanted(goal), near=near, reason=reason)


def no_plan(question: Question, result: Unreachable) -> NoPlanError:
    """Return the error that says why *result* is no plan.

    What is missing is a capability that nobody has, or what was wanted and cannot be had, then
    what holds up the agents that would give it; or the place where the way through the
    capabilities ends.
    """
    catalog, goal = question.catalog, question.goal
    terms = (*goal.steps, *goal.any_order)
    able = {entry.id for entry in question.entries}
    if missing := [term for term in terms if able.isdisjoint(term.agents(catalog))]:
        return _nobody(question, missing)
    if not goal.steps:
        return _unreached(question, result)
    plain = replace(goal, capabilities=(), first=None, last=None)
    if goal.have and (plain.want or plain.any_order or plain.require):
        beside = ask(catalog, plain, question.expect)
        search = begin(beside.problem, objective="depth")
        if isinstance(search, Unreachable):
            return _unreached(beside, search)
    return refusal(goal, _gap(question, result), _offers(question))


def _nobody(question: Question, missing: Iterable[CapabilityTerm]) -> NoPlanError:
    """Return the error that names the capabilities that nobody has who may take part."""
    catalog, goal = question.catalog, question.goal
    known = catalog.capabilities.names()
    near: list[str] = []
    for term in dict.fromkeys(missing):
        if term.name not in catalog.capabilities:
            close = get_close_matches(term.name, known)
            near += [f"{term.name} is not known; there is {' or '.join(close)}"] if close else []
        for agent in catalog.capabilities.agents(term.name)[:_SHOWN]:
            barred = barrier(goal, catalog.entries[agent], question.expect)
            why = describe_barrier(barred) if barred else f"is not version {term.versions}"
            near.append(f"{agent} does {term.name}, and {why}")
    return NoPlanError(
        have=_names(goal.have),
        want=_wanted(goal),
        missing=dict.fromkeys(map(str, missing)),
        near=[*near, *_offers(question)],
        reason="nobody offers all that is asked",
    )


def _offers(question: Question) -> Iterator[str]:
    """Name the best agents of each capability on the way."""
    catalog = question.catalog
    able = {entry.id for entry in question.entries}
    for term in dict.fromkeys(question.goal.steps):
        agents = [agent for agent in term.agents(catalog) if agent in able]
        scores = {a: catalog.capabilities.score(catalog.definition(a), term.name) for a in agents}
        agents.sort(key=lambda agent: (-scores[agent], agent))
        more = " …" if len(agents) > _SHOWN else ""
        if agents:
            yield f"{term}: {', '.join(agents[:_SHOWN])}{more}"


def _gap(question: Question, result: Unreachable) -> str:
    """Return where the way through the capabilities ends."""
    goal = question.goal
    steps = goal.steps
    far = sum(passed(step) in result.needs for step in range(1, len(steps) + 1))
    if far == 0:
        return f"{steps[0]} takes more than what is given and what that leads to"
    if far < len(steps):
        return f"nothing that {steps[far - 1]} gives leads to what {steps[far]} takes"
    if unused := [agent for agent in sorted(goal.require) if using(agent) in result.missing]:
        return f"none goes through {' and '.join(unused)}"
    verb = "can be taken as" if goal.last else "leads to"
    return f"nothing that {steps[-1]} gives {verb} {' or '.join(_names(goal.want))}"


def _unreached(question: Question, result: Unreachable) -> NoPlanError:
    catalog, goal = question.catalog, question.goal
    outputs = (question.places[number].agent for number in result.operations)
    at_hand = {*goal.have, *(catalog.definition(agent).output for agent in outputs)}
    undone = [_did(need) for need in result.missing if _did(need)]
    blocked = [item for item in result.blocked if not _did(item.need)]
    roots = [SchemaId(str(item.need)) for item in blocked if not item.givers][:_LINES]
    wanted = [SchemaId(str(need)) for need in result.missing if not _did(need)]
    missing = dict.fromkeys([*wanted, *roots])
    lines = chain(
        (
            line
            for item in result.blocked
            for line in (*_held_up(question, item, result), *_left_out(question, item))
        ),
        (line for root in roots for line in _misfits(catalog, sorted(at_hand), root)),
    )
    near = [*islice(dict.fromkeys(islice(lines, 2 * _LINES)), _LINES)]
    near += _converters(catalog, sorted(at_hand), roots)
    return NoPlanError(
        have=_names(goal.have),
        want=_wanted(goal),
        reached=sorted(set(_names(at_hand))),
        missing=[*_names(missing), *undone, *result.absent],
        near=near,
        reason=_reason(roots, result),
    )


def _did(need: TypeId) -> str:
    """Return the capability that a need stands for, or nothing."""
    return str(need).removeprefix("\tdoes ") if str(need).startswith("\t") else ""


def _reason(roots: Iterable[SchemaId], result: Unreachable) -> str:
    names = _names(dict.fromkeys(roots))
    if names:
        return f"nothing that can be reached gives {' or '.join(names)}"
    if result.blocked:
        return "the agents that would give it wait for each other"
    return f"{', '.join(result.absent)} cannot be used"


def _converters(
    catalog: Catalog, at_hand: Iterable[SchemaId], roots: Iterable[SchemaId]
) -> Iterator[str]:
    """Name the converter that would do, where one need is all that is missing."""
    needs = [*dict.fromkeys(roots)]
    given = {schema: given_keys(catalog, schema) for schema in at_hand}
    if len(needs) != 1 or not given:
        return
    asked = asked_keys(catalog, needs[0])
    alike = [
        schema
        for schema, keys in given.items()
        if keys & asked or schema.name == needs[0].name or not (keys or asked)
    ]
    if alike:
        closest = min(alike, key=lambda schema: (len(asked - given[schema]), schema))
        yield f"a converter from {closest} to {needs[0]} would do"


def _held_up(question: Question, blocked: Blocked, result: Unreachable) -> Iterator[str]:
    """Name the agents that would give what is needed, and what they lack."""
    what = _what(blocked.need)
    for giver in blocked.givers:
        agent = question.places[giver].agent
        lacking = [
            f"{item.schema.name} ({item.name})"
            for item in question.catalog.definition(agent).inputs
            if item.required and item.schema not in result.needs
        ]
        if lacking:
            yield f"{agent} {what}, and lacks {', '.join(lacking)}"


def _left_out(question: Question, blocked: Blocked) -> Iterator[str]:
    """Name the agents that would give what is needed, were they not left out."""
    catalog, goal = question.catalog, question.goal
    if _did(blocked.need):
        return
    need = SchemaId(str(blocked.need))
    for entry in catalog:
        barred = barrier(goal, entry, question.expect)
        if barred and isinstance(catalog.fits(entry.definition.output, need), Fits):
            yield f"{entry.id} {_what(need)}, and {describe_barrier(barred)}"


def _what(need: TypeId) -> str:
    return f"does {_did(need)}" if _did(need) else f"gives {SchemaId(str(need)).name}"


def _misfits(catalog: Catalog, at_hand: Iterable[SchemaId], need: SchemaId) -> Iterator[str]:
    """Say what keeps each schema at hand from being the one that is needed, closest first."""
    asked = asked_keys(catalog, need)
    given = {schema: given_keys(catalog, schema) for schema in at_hand}
    related = [s for s in given if s.name == need.name or given[s] & asked]
    for schema in sorted(related, key=lambda schema: (len(asked - given[schema]), schema)):
        ours, theirs = catalog.called(schema, need)
        match catalog.fits(schema, need):
            case Misfit(pointer, reason):
                where = f" at {pointer}" if pointer else ""
                yield f"{ours} is no {theirs}: {reason}{where}"
            case Undecided(pointer=pointer, reason=reason):
                where = f" at {pointer}" if pointer else ""
                yield f"{ours} may be no {theirs}: not decided{where} ({reason})"
            case _:
                pass


def _names(schemas: Iterable[SchemaId]) -> tuple[str, ...]:
    return tuple(schema.name for schema in schemas)


def _wanted(goal: Goal) -> list[str]:
    """Name what was asked for: the way, then what must come out, be done or take part."""
    way = [" -> ".join(map(str, goal.steps))] if goal.steps else []
    return [*way, *_names(goal.want), *map(str, goal.any_order), *sorted(goal.require)]
