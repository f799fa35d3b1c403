"""The containment answer against collections of cases whose truth is known."""

from __future__ import annotations

import pytest

from registry_core.schemas.subtype import compare
from registry_core.schemas.verdict import Fits, Misfit
from tests.schemas.subschema_cases import Case, find_file, load_cases

SHARE_DECIDED = {
    "pydantic_pairs": 0.96,
    "is_json_schema_subset": 0.90,
    "jsoncompat_backcompat": 0.90,
}


def _cases(name: str) -> list[Case]:
    path = find_file(name)
    if path is None:
        pytest.skip(f"the cases {name} are not on this machine")
    return load_cases(path)


@pytest.mark.parametrize("name", SHARE_DECIDED)
class TestKnownCases:
    def test_no_wrong_answer_is_given(self, name: str) -> None:
        """A wrong 'fits' runs a pipeline into a crash; a wrong 'misfit' hides one that works."""
        cases = _cases(name)

        verdicts = [compare(case.producer, case.consumer) for case in cases]

        pairs = zip(cases, verdicts, strict=True)
        assert [case.id for case, verdict in pairs if _is_wrong(case, verdict)] == []

    def test_nearly_every_case_is_decided(self, name: str) -> None:
        """An answer that is never given links no agents."""
        cases = _cases(name)

        right = [
            case
            for case in cases
            if isinstance(compare(case.producer, case.consumer), Fits if case.fits else Misfit)
        ]

        assert len(right) >= SHARE_DECIDED[name] * len(cases)


def _is_wrong(case: Case, verdict: object) -> bool:
    return isinstance(verdict, Misfit if case.fits else Fits)
