"""Tests of the one place where plugin code is imported into this process."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import pytest

from registry_core.catalog.catalog import Catalog
from registry_core.discovery.discover import discover
from registry_core.discovery.loading import Loader, load_target
from registry_core.errors import AgentLoadError, UnknownNameError
from registry_core.results.events import Event
from registry_core.settings.values import PluginSettings
from registry_core.testing.installed import installed_distribution
from tests.discovery.plugins import declared, manifest_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def on_the_path(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the site on the path of this process, and take out again what was imported of it."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("loaded_", "evil_")):
            del sys.modules[name]


def load(site: Path, code: str, target: str, *, module: str) -> Callable[..., object]:
    """Return *target* of a distribution with one *module* of *code*."""
    metadata = installed_distribution(site, "words", files={f"{module}.py": code})
    return load_target("words/agent@1", target, metadata=metadata)


class TestLoading:
    def test_a_function_and_what_is_in_a_class_can_be_named(self, site: Path) -> None:
        """An agent may be a method of its plugin."""
        code = "class Box:\n    @staticmethod\n    def echo(text): return text\n"

        assert load(site, code, "loaded_a:Box.echo", module="loaded_a")("hello") == "hello"

    @pytest.mark.fault("F1")
    @pytest.mark.parametrize(
        ("code", "target", "step"),
        [
            ("import gone", "loaded_b:echo", "import"),
            ("x = 1", "loaded_b:echo", "attribute"),
            ("echo = 7", "loaded_b:echo", "attribute"),
            ("import json as echo", "loaded_b:echo", "attribute"),
        ],
    )
    def test_what_is_not_there_is_named_with_the_step(
        self, site: Path, code: str, target: str, step: str
    ) -> None:
        """A missing module and a missing function are mended differently."""
        with pytest.raises(AgentLoadError) as refused:
            load(site, code, target, module="loaded_b")

        assert refused.value.step == step

    @pytest.mark.fault("F2")
    @pytest.mark.parametrize("leave", ["SystemExit(0)", "KeyboardInterrupt()", "GeneratorExit()"])
    def test_a_module_that_leaves_is_an_error_like_any_other(self, site: Path, leave: str) -> None:
        """One bad agent is one failed stage."""
        with pytest.raises(AgentLoadError) as refused:
            load(site, f"raise {leave}", "loaded_c:echo", module="loaded_c")

        assert refused.value.step == "import"

    @pytest.mark.fault("F7")
    def test_what_an_import_changed_is_put_back_and_logged(
        self, site: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Whoever looks for a strange effect finds its author."""
        code = "import sys\nsys.setrecursionlimit(4321)\ndef echo(): ...\n"

        with caplog.at_level(logging.WARNING):
            load(site, code, "loaded_d:echo", module="loaded_d")

        assert sys.getrecursionlimit() != 4321
        assert "importing loaded_d changed recursion limit" in caplog.text

    @pytest.mark.fault("F16")
    def test_a_hostile_object_is_only_asked_whether_it_can_be_called(self, site: Path) -> None:
        """Comparing or printing it would run its code."""
        code = """
class Hostile:
    def _no(self, *_): raise SystemExit
    __repr__ = __str__ = __eq__ = __hash__ = __getattr__ = __bool__ = _no
    __class__ = property(_no)
    def __call__(self): return 1
echo = Hostile()
"""
        assert load(site, code, "loaded_e:echo", module="loaded_e")() == 1


@pytest.mark.fault("F17")
class TestOwnership:
    @pytest.mark.requirement("R74")
    @pytest.mark.parametrize("target", ["os:system", "builtins:exec", "sys:modules.clear"])
    def test_a_foreign_target_is_refused_before_anything_is_imported(
        self, site: Path, target: str
    ) -> None:
        """A manifest is text that anybody can write."""
        with pytest.raises(AgentLoadError) as refused:
            load(site, "", target, module="loaded_f")

        assert refused.value.step == "ownership"

    def test_a_file_named_like_the_standard_library_is_no_way_around(self, site: Path) -> None:
        """It is owned, and still the import would bring in Python's own."""
        with pytest.raises(AgentLoadError) as refused:
            load(site, "", "antigravity:fly", module="antigravity")

        assert refused.value.step == "ownership"
        assert "antigravity" not in sys.modules

    def test_a_module_that_somebody_put_before_it_is_not_imported(
        self, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The name is ours, but the first one on the path would be run."""
        other = tmp_path / "other"
        other.mkdir()
        (other / "evil_a.py").write_text("raise SystemExit")
        monkeypatch.setattr(sys, "path", [str(other), *sys.path])

        with pytest.raises(AgentLoadError) as refused:
            load(site, "def echo(): ...", "evil_a:echo", module="evil_a")

        assert refused.value.step == "ownership"
        assert "evil_a" not in sys.modules


COLLECTOR = """
heard = []

class Collector:
    def __init__(self):
        self.events = []
        heard.append(self.events)

    def __call__(self, event):
        self.events.append(event.kind)
"""


class TestObservers:
    def loader(self, site: Path) -> Loader:
        """Return the way to the code of one plugin with a collector."""
        item = {"name": "collector", "target": "loaded_metrics.code:Collector"}
        manifest = manifest_json("loaded_metrics", collectors=[item])
        files = {"loaded_metrics/code.py": COLLECTOR}
        declared(site, "loaded-metrics", manifest=manifest, files=files)
        report = discover(path=[str(site)])
        return Loader(report.plugins, PluginSettings(), catalog=Catalog(), local={})

    def test_a_collector_makes_an_observer_for_each_run(self, site: Path) -> None:
        """What it keeps of one run never mixes with another's."""
        (observer,) = self.loader(site).observers(["loaded-metrics/collector"])

        for kind in ("run_started", "run_finished"):
            for run in ("one", "two"):
                observer(Event(kind, run, ""))
        observer(Event("run_started", "one", ""))

        ends = ["run_started", "run_finished"]
        assert sys.modules["loaded_metrics.code"].heard == [ends, ends, ["run_started"]]

    def test_nothing_is_made_before_something_happens(self, site: Path) -> None:
        """Making it may be slow or fail, and must do so where events are told."""
        self.loader(site).observers(["collector"])

        assert sys.modules["loaded_metrics.code"].heard == []

    @pytest.mark.requirement("R19")
    def test_a_name_that_nobody_offers_is_an_error(self, site: Path) -> None:
        """Metrics that are silently missing are noticed in the outage."""
        with pytest.raises(UnknownNameError) as caught:
            self.loader(site).observers(["metrics/collector"])

        assert caught.value.kind == "collector"
        assert caught.value.close == ("loaded-metrics/collector",)
