"""An instruction in words becomes steps, by rules that anybody can read.

The rules know the phrases below and nothing else: what they do not know they refuse, with
the phrase, and never guess.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from base_agents.steps import (
    Count,
    CountEach,
    Dedupe,
    Extract,
    Join,
    Pick,
    Recase,
    Reverse,
    Sort,
    Split,
    Step,
    Take,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from base_agents.steps import Kind

__all__ = ["FORMS", "InstructionError", "read_instruction"]

FORMS = (
    'split by lines | words | sentences | commas | spaces | "TEXT"',
    "extract numbers | words | emails | urls | dates",
    "pick FIELD",
    "sort [by FIELD] [descending]",
    "drop duplicates",
    "keep first N | last N",
    "count",
    "count each",
    "reverse",
    "upper case | lower case",
    'join with "TEXT" | commas | lines | spaces',
)

_CUTS = {"comma": ",", "line": "lines", "sentence": "sentences", "space": " ", "word": "words"}
_GLUES = {"comma": ", ", "line": "\n", "space": " "}
_OBJECT = r"(?: (?:it|them|all|the \w++|(?:lines|words|items|values|texts?+)))?+"
_BY = r"(?: (?:by|at|on|into))?+"

# Tried in this order, each on a whole phrase.
_RULES: tuple[tuple[str, Callable[[re.Match[str]], Step]], ...] = (
    (
        rf'split{_OBJECT}{_BY} (?:"(?P<text>[^"]++)"|(?P<name>{"|".join(_CUTS)})s?+)',
        lambda found: Split(found["text"] or _CUTS[found["name"].lower()]),
    ),
    (
        rf'join{_OBJECT} (?:with|by) (?:"(?P<text>[^"]*+)"|(?P<name>{"|".join(_GLUES)})s?+)',
        lambda found: Join(_GLUES[found["name"].lower()] if found["name"] else found["text"]),
    ),
    (
        r"(?:extract|find)(?: (?:all|the))*+ (?P<kind>number|word|email|url|date)s?+",
        lambda found: Extract(cast("Kind", f"{found['kind'].lower()}s")),
    ),
    (
        r"(?:pick|take)(?: the\b)?+(?: field\b)?+ (?!the\b|first\b|last\b)(?P<field>\S++)",
        lambda found: Pick(found["field"]),
    ),
    (
        rf"sort{_OBJECT}(?: by (?P<field>\S++))?+(?:(?P<down> descending)| ascending)?+",
        lambda found: Sort(descending=bool(found["down"]), field=found["field"] or ""),
    ),
    (r"(?:drop|remove) (?:the )?+duplicates|dedupe|dedup|unique", lambda _: Dedupe()),
    (
        r"(?:keep|take)(?: only)?+(?: the)?+ (?P<end>first|last) (?P<count>\d{1,9})",
        lambda found: Take(int(found["count"]), last=found["end"].lower() == "last"),
    ),
    (r"count(?: how often)?+ each(?: \w++)?+", lambda _: CountEach()),
    (rf"count{_OBJECT}", lambda _: Count()),
    (rf"reverse{_OBJECT}", lambda _: Reverse()),
    (
        r"(?:to )?+(?P<case>upper|lower)[ -]?+case",
        lambda found: Recase(found["case"].lower() == "upper"),
    ),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), make) for pattern, make in _RULES)

# A piece between quotes is left whole.
_PIECE = re.compile(r'"[^"]*+"|[;\n]|,? then\b|[^";\n, ]++|[, ]', re.IGNORECASE)


class InstructionError(ValueError):
    """An instruction has phrases that the rules do not know."""

    def __init__(self, phrases: tuple[str, ...]) -> None:
        """Keep the *phrases*, each as it was written."""
        super().__init__(phrases)
        self.phrases = phrases

    def __str__(self) -> str:
        """Show what was not understood, and what would have been."""
        unknown = ", ".join(map(repr, self.phrases))
        return f"not understood: {unknown}. Known steps: {'; '.join(FORMS)}"


def read_instruction(instruction: str) -> tuple[Step, ...]:
    """Return the steps that *instruction* names, in order.

    Raises:
        InstructionError: If it has no phrase, or some that are not known; all of them at once.

    >>> [str(step) for step in read_instruction("Split by commas, then sort; keep the first 2.")]
    ['split by ","', 'sort', 'keep first 2']
    """
    phrases = _phrases(instruction)
    steps = [_step(phrase) for phrase in phrases]
    unknown = [phrase for phrase, step in zip(phrases, steps, strict=True) if step is None]
    if unknown or not steps:
        raise InstructionError(tuple(unknown) or (instruction,))
    return tuple(step for step in steps if step is not None)


def _phrases(instruction: str) -> list[str]:
    phrases = [""]
    for piece in _PIECE.findall(instruction):
        if piece in {";", "\n"} or piece.lower().endswith(" then"):
            phrases.append("")
        else:
            phrases[-1] += piece
    trimmed = (" ".join(phrase.split(" ")).strip(" ,.") for phrase in phrases)
    return [phrase for phrase in trimmed if phrase]


def _step(phrase: str) -> Step | None:
    for pattern, make in _PATTERNS:
        if found := pattern.fullmatch(phrase):
            return make(found)
    return None
