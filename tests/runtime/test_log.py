"""What the log says of a run."""

from __future__ import annotations

import logging

import pytest

from registry_core.authoring.agent import agent
from tests.runtime.rig import assemble


@agent(mutates=False)
async def double(number: int) -> int:
    """Return twice *number*."""
    return number * 2


@agent(mutates=False)
async def refuse(number: int) -> int:
    """Fail whatever the number."""
    raise LookupError(number)


@pytest.mark.requirement("R21")
class TestLog:
    def test_lines_have_fields_and_no_values(self, caplog: pytest.LogCaptureFixture) -> None:
        """A log is searched by run and stage, by machines."""
        with caplog.at_level(logging.DEBUG, "registry_core"):
            result = assemble(double, refuse).run({"number": 4711})

        stages = [record for record in caplog.records if hasattr(record, "stage_id")]
        found = [
            (r.levelname, getattr(r, "run_id", None), getattr(r, "stage_id", None)) for r in stages
        ]
        assert ("DEBUG", result.run_id, "double") in found
        assert ("ERROR", result.run_id, "refuse") in found
        assert "9422" not in caplog.text
        assert all(record.args for record in stages), "formatted before anybody asked"

    def test_nothing_is_formatted_when_the_level_is_off(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Lines nobody reads must cost nothing in a stage of a microsecond."""
        made: list[object] = []
        factory = logging.getLogRecordFactory()

        def counting(*args: object, **kwargs: object) -> logging.LogRecord:
            made.append(args)
            return factory(*args, **kwargs)

        logging.setLogRecordFactory(counting)
        logger = logging.getLogger("registry_core.runtime")
        monkeypatch.setattr(logger, "level", logging.CRITICAL)
        try:
            assemble(double).run({"number": 1})
        finally:
            logging.setLogRecordFactory(factory)

        assert made == []
