"""Is there an object with these members, none of those, and so many in all?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from registry_core.schemas.atoms import (
    Absent,
    Claim,
    MaxSize,
    Member,
    Members,
    MinSize,
    Names,
    Opaque,
    Present,
    SomeMember,
    SomeName,
)
from registry_core.schemas.opacity import Opacity
from registry_core.schemas.problem import Found, Nothing, Outcome, Solver, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from registry_core.definitions.schema import JsonObject, JsonValue
    from registry_core.schemas.atoms import Node, Step

__all__ = ["ObjectFacts"]

_MAX_PATTERNS = 6
_MAX_INVENTED = 40


class _Key(NamedTuple):
    """What is known of the member of one name.

    Attributes:
        claims: True of its value, if it is there.
        required: Whether it must be there.
        forbidden: Whether it must not.
        listed: The values left for it when these are few, or None.
    """

    claims: frozenset[Claim] = frozenset()
    required: bool = False
    forbidden: bool = False
    listed: tuple[JsonValue, ...] | None = None


class ObjectFacts:
    """Members by name, rules for all others, and members that must turn up somewhere."""

    __slots__ = ("_groups", "_high", "_keys", "_low", "_names", "_opacity", "_solver", "_wanted")

    def __init__(self, solver: Solver) -> None:
        """Allow every object."""
        self._solver = solver
        self._groups: tuple[Members, ...] = ()
        self._names: frozenset[Claim] = frozenset()
        self._keys: dict[str, _Key] = {}
        self._low = 0
        self._high: int | None = None
        self._wanted: tuple[SomeMember | SomeName, ...] = ()
        self._opacity = Opacity()

    def copy(self) -> ObjectFacts:
        """Return facts that can grow apart from these."""
        twin = ObjectFacts(self._solver)
        twin._groups, twin._names, twin._keys = self._groups, self._names, dict(self._keys)
        twin._low, twin._high, twin._wanted = self._low, self._high, self._wanted
        twin._opacity = self._opacity.copy()
        return twin

    def add(self, step: Step) -> bool:  # noqa: PLR0911 -- one row per step
        """Collect one step; False when it contradicts what is known."""
        match step:
            case Present(name):
                return self._require(name)
            case Absent(name):
                key = self._key(name)
                self._keys[name] = key._replace(forbidden=True)
                return not key.required
            case Member(name, claim):
                return self._narrow(name, [claim]) and self._require(name) and self._can_be(name)
            case Members():
                return self._add_group(step)
            case Names(node):
                self._names |= {Claim(node, holds=True)}
                return all(self._may_be_called(name) for name in self._required())
            case SomeMember() | SomeName():
                self._wanted += (step,)
                self._low = max(self._low, 1)
            case MinSize(count):
                self._low = max(self._low, count)
            case MaxSize(count):
                self._high = count if self._high is None else min(self._high, count)
            case Opaque():
                return self._opacity.add(step)
            case _:
                return True
        return self._high is None or max(self._low, len(list(self._required()))) <= self._high

    def entails(self, step: Step) -> bool:
        """Return whether *step* is certainly true already."""
        match step:
            case Member(name, claim):
                key = self._keys.get(name)
                if key is None or not key.required or key.listed is None:
                    return False
                return all(
                    self._solver.judge.agrees((claim,), value) is True for value in key.listed
                )
            case Absent(name):
                key = self._keys.get(name)
                return key is not None and key.forbidden
            case Present(name):
                key = self._keys.get(name)
                return key is not None and key.required
            case _:
                return False

    def refutes(self, step: Step) -> bool:
        """Return whether *step* plainly contradicts what is known, as unlike tags do."""
        match step:
            case Present(name):
                key = self._keys.get(name)
                return key is not None and key.forbidden
            case Members():
                return any(
                    self._differs(name, step.named[name])
                    for name, key in self._keys.items()
                    if key.required and key.listed is not None and name in step.named
                )
            case _:
                return False

    def _differs(self, name: str, node: Node) -> bool:
        """Return whether *node* refuses each value that is left for *name*."""
        accepts = self._solver.judge.accepts
        return all(accepts(node, value) is False for value in self._keys[name].listed or ())

    def _required(self) -> Iterator[str]:
        return (name for name, key in self._keys.items() if key.required)

    def _key(self, name: str) -> _Key:
        """Return what is known of *name*, gathered from all groups when it is new."""
        if name not in self._keys:
            self._keys[name] = _Key()
            for group in self._groups:
                self._narrow(name, self._claims_of(group, name))
        return self._keys[name]

    def _claims_of(self, group: Members, name: str) -> list[Claim]:
        nodes, _ = self._solver.judge.nodes_for(group, name)
        return [Claim(node, holds=True) for node in nodes if not node.accepts_all]

    def _add_group(self, group: Members) -> bool:
        names = [*self._keys, *(name for name in group.named if name not in self._keys)]
        for name in names:
            self._key(name)
        self._groups += (group,)
        possible = True
        for name in names:
            possible = self._narrow(name, self._claims_of(group, name)) and possible
        return possible

    def _narrow(self, name: str, claims: list[Claim]) -> bool:
        """Add *claims* about the value of *name*; False when a required member has none left."""
        key = self._key(name)
        fresh = [claim for claim in claims if claim not in key.claims]
        if not fresh:
            return True
        listed = key.listed
        if listed is None:
            candidates = self._solver.listed(fresh)
            listed = None if candidates is None else tuple(candidates)
            tested = [*key.claims, *fresh]
        else:
            tested = fresh
        if listed is not None:
            agrees = self._solver.judge.agrees
            listed = tuple([value for value in listed if agrees(tested, value) is not False])
        self._keys[name] = key._replace(claims=key.claims.union(fresh), listed=listed)
        return bool(listed) or listed is None or not key.required

    def _require(self, name: str) -> bool:
        key = self._key(name)
        if key.forbidden or key.listed == () or not self._may_be_called(name):
            return False
        if not key.required:
            self._keys[name] = key._replace(required=True)
        return self._high is None or len(list(self._required())) <= self._high

    def _may_be_called(self, name: str) -> bool:
        return not self._names or self._solver.judge.agrees(self._names, name) is not False

    def _can_be(self, name: str) -> bool:
        return not isinstance(self._solver.find(self._keys[name].claims), Nothing)

    def solve(self) -> Outcome:
        """Return an object that all facts are true of."""
        if self._wanted:
            return self._place(self._wanted[0])
        value: JsonObject = {}
        doubt: Unknown | None = self._opacity.doubt
        for name in self._required():
            outcome = self._solver.find(self._keys[name].claims)
            match outcome:
                case Found():
                    value[name] = outcome.value
                case Nothing():
                    return outcome
                case Unknown():
                    doubt = outcome
        if len(value) < self._low and doubt is None:
            return self._fill(value)
        return doubt or Found(value)

    def _place(self, wanted: SomeMember | SomeName) -> Outcome:
        """Try each name under which the first wanted member may turn up."""
        doubt: Unknown | None = None
        for name in self._places(wanted):
            if isinstance(name, Unknown):
                doubt = name
                continue
            outcome = self.copy().host(name)
            match outcome:
                case Found():
                    return outcome
                case Unknown():
                    doubt = outcome
                case Nothing():
                    pass
        if doubt is None and len(self._wanted) > 1 and self._tells_names_apart():
            doubt = Unknown("propertyNames", "several members are wanted under unlike names")
        return doubt or Nothing()

    def host(self, name: str) -> Outcome:
        """Return an object in which the first wanted member is called *name*."""
        wanted, self._wanted = self._wanted[0], self._wanted[1:]
        claims = [] if isinstance(wanted, SomeName) else [wanted.claim]
        if self._narrow(name, claims) and self._require(name) and self._can_be(name):
            return self.solve()
        return Nothing()

    def _tells_names_apart(self) -> bool:
        return any(isinstance(wanted, SomeName) for wanted in self._wanted)

    def _places(self, wanted: SomeMember | SomeName) -> Iterator[str | Unknown]:
        for name in list(self._keys):
            answer = self._is_place(wanted, name)
            if answer is None:
                if self._refuses(wanted, self._keys[name].claims):
                    continue
                yield Unknown("patternProperties", f"the name {name!r} cannot be judged")
            elif answer and not self._keys[name].forbidden:
                yield name
        if not self._refuses(wanted, self._claims_of_new(wanted)):
            yield from self._new_names(wanted)

    def _refuses(self, wanted: SomeMember | SomeName, claims: frozenset[Claim]) -> bool:
        """Return whether a member with *claims* cannot be the wanted one, whatever its name."""
        if isinstance(wanted, SomeName):
            return False
        return isinstance(self._solver.find(claims | {wanted.claim}), Nothing)

    def _claims_of_new(self, wanted: SomeMember | SomeName) -> frozenset[Claim]:
        """Return what is true of every new member that may be the wanted one."""
        nodes: list[Node | None] = []
        if isinstance(wanted, SomeMember):
            outside = wanted.beyond.patterned.keys() if wanted.beyond else set[str]()
            for group in self._groups:
                nodes.append(group.patterned.get(wanted.pattern or ""))
                if group.patterned.keys() <= outside:
                    nodes.append(group.rest)
        return frozenset(Claim(node, holds=True) for node in nodes if node)

    def _is_place(self, wanted: SomeMember | SomeName, name: str) -> bool | None:
        if isinstance(wanted, SomeName):
            return self._solver.judge.agrees((wanted.claim,), name)
        if wanted.pattern is not None:
            return self._solver.patterns.matches(wanted.pattern, name)
        members = wanted.beyond
        if members is None or name in members.named:
            return members is None
        answers = [self._solver.patterns.matches(text, name) for text in members.patterned]
        return False if True in answers else None if None in answers else True

    def _new_names(self, wanted: SomeMember | SomeName | None) -> Iterator[str | Unknown]:
        """Yield one new name of each kind that the patterns tell apart."""
        told_apart: dict[str, bool | None] = {}
        for group in self._groups:
            told_apart.update(dict.fromkeys(group.patterned))
        for other in self._wanted:
            if isinstance(other, SomeMember):
                patterns = other.beyond.patterned if other.beyond else [other.pattern or ""]
                told_apart.update(dict.fromkeys(patterns))
        claims = self._names
        if isinstance(wanted, SomeName):
            claims |= {wanted.claim}
        elif wanted and wanted.pattern is not None:
            told_apart[wanted.pattern] = True
        elif wanted and wanted.beyond:
            told_apart.update(dict.fromkeys(wanted.beyond.patterned, False))
            taken = [name for name in wanted.beyond.named if name not in self._keys]
            claims |= self._not_among(taken)
        if len(told_apart) > _MAX_PATTERNS:
            yield Unknown("patternProperties", f"more than {_MAX_PATTERNS} patterns for names")
            return
        if not told_apart and not claims:
            yield self._plain_name()
            return
        claims |= self._not_among(list(self._keys))
        yield from self._names_of_each_kind(list(told_apart.items()), claims)

    def _plain_name(self) -> str:
        count = 0
        while (name := f"extra{count or ''}") in self._keys:
            count += 1
        return name

    def _not_among(self, names: list[str]) -> frozenset[Claim]:
        if not names:
            return frozenset()
        listed: list[JsonValue] = [*names]
        return frozenset((Claim(self._solver.made_up({"enum": listed}), holds=False),))

    def _names_of_each_kind(
        self, told_apart: list[tuple[str, bool | None]], claims: frozenset[Claim]
    ) -> Iterator[str | Unknown]:
        text = self._solver.made_up({"type": "string"})
        outcome = self._solver.find(claims | {Claim(text, holds=True)})
        if isinstance(outcome, Nothing):
            return
        if told_apart:
            (pattern, fixed), *others = told_apart
            node = self._solver.made_up({"pattern": pattern})
            for holds in (True, False) if fixed is None else (fixed,):
                yield from self._names_of_each_kind(others, claims | {Claim(node, holds=holds)})
        elif isinstance(outcome, Unknown):
            yield outcome
        elif isinstance(outcome.value, str):
            yield outcome.value

    def _fill(self, value: JsonObject) -> Outcome:
        """Add members that may be there until there are enough."""
        optional = [
            name
            for name, key in self._keys.items()
            if not key.required and not key.forbidden and self._may_be_called(name)
        ]
        doubt = self._add_members(value, optional)
        if self._low - len(value) > _MAX_INVENTED:
            return Unknown("minProperties", f"objects of {self._low} members are not tried")
        size = -1
        while size < len(value) < self._low:
            size = len(value)
            doubt = self._add_members(value, self._new_names(None)) or doubt
        return Found(value) if len(value) >= self._low else doubt or Nothing()

    def _add_members(self, value: JsonObject, names: Iterable[str | Unknown]) -> Unknown | None:
        """Add a member of each name until there are enough; return what was not certain."""
        doubt: Unknown | None = None
        for name in names:
            if len(value) >= self._low:
                break
            if isinstance(name, Unknown):
                doubt = name
                continue
            outcome = self._solver.find(self._key(name).claims)
            if isinstance(outcome, Found):
                value[name] = outcome.value
            elif isinstance(outcome, Unknown):
                doubt = outcome
        return doubt
