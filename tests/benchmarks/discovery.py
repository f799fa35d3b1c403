"""What discovery costs at ten and at a thousand plugins: whole processes against a bare Python."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import time
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from registry_core.discovery.entry_points import PLUGINS
from registry_core.discovery.places import FRESH_NS
from registry_core.testing.installed import installed_distribution
from tests.benchmarks.environment import plugin_files
from tests.benchmarks.frame import benchmark, cpu_ratio, cpu_seconds

SMALL, LARGE, OTHERS = 10, 1000, 200
NOTHING = (sys.executable, "-c", "pass")
DISCOVER = "from registry_core.registry import Registry\nregistry = Registry.discover()\n"
IDS = (sys.executable, "-c", DISCOVER + "assert len(registry.agents) >= 20\n")
RESOLVE = (sys.executable, "-c", DISCOVER + "registry.resolve('agent_5_1')\n")
COMMAND = str(Path(sys.executable).with_name("agentreg"))
SLOW_IMPORT = "import time\ntime.sleep(0.02)\n"


@cache
def here() -> tuple[int, int]:
    """Return how many plugins and how many other distributions are installed here anyway."""
    offers = [bool(one.entry_points.select(group=PLUGINS)) for one in distributions()]
    return offers.count(True), offers.count(False)


class Environment:
    """A folder full of plugins, and a cache that knows them."""

    def __init__(self, folder: Path, plugins: int, *, code: str = "") -> None:
        """Have *plugins* plugins of two agents each, and 200 other distributions.

        Of a large number those count that are installed here anyway.
        """
        self.folder = folder
        present, others = here()
        self.variables = dict(os.environ) | {  # noqa: TID251 -- handed down
            "PYTHONPATH": str(folder / "site"),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        for number in range(plugins - present if plugins == LARGE else plugins):
            install(folder / "site", number, code=code)
        for number in range(OTHERS - others):
            installed_distribution(folder / "site", f"other-{number}", files={f"o{number}.py": ""})
        self.age()

    def age(self) -> None:
        """Make the site directory as old as what was installed yesterday."""
        then = time.time_ns() - 10 * FRESH_NS
        for place in (self.folder / "site").rglob("*"):
            os.utime(place, ns=(then, then))
        os.utime(self.folder / "site", ns=(then, then))

    def forget(self) -> None:
        """Remove the cache."""
        shutil.rmtree(self.folder / "cache", ignore_errors=True)

    def cost(self, *command: str) -> float:
        """Return the processor time of *command* in this environment, in seconds."""
        return cpu_seconds(command, environment=self.variables)


def install(site: Path, number: int, *, code: str = "") -> None:
    """Install the plugin with this *number*."""
    package = f"plugin_{number}"
    installed_distribution(
        site,
        f"plugin-{number}",
        files=plugin_files(number, code=code),
        plugins={f"plugin-{number}": f"{package}.plugin"},
        manifests={f"plugin-{number}": f"{package}:agents.json"},
        requires=["registry-core>=0.1", "pydantic>=2"],
    )


@cache
def environment(plugins: int, code: str = "") -> Environment:
    """Return an environment that lasts as long as this process."""
    folder = Path(tempfile.mkdtemp(prefix="agentreg-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = Environment(folder, plugins, code=code)
    for command in (IDS, (COMMAND, "agents")):
        made.cost(*command)
    return made


def against_nothing(plugins: int, *command: str, code: str = "") -> float:
    """Return what *command* costs among *plugins* plugins, in units of a bare Python."""
    place = environment(plugins, code)
    return cpu_ratio(lambda: place.cost(*command), lambda: place.cost(*NOTHING))


@benchmark(name="discover, ids of 2 000 agents, warm", unit="x python -c pass", goal=3.5)
def warm_ids() -> float:
    """Return the cost of knowing all agents when the cache is right."""
    return against_nothing(LARGE, *IDS)


@benchmark(name="resolve one of 2 000 agents, warm", unit="x python -c pass", goal=3.5)
def warm_resolve() -> float:
    """Return the cost of finding one agent by its short name."""
    return against_nothing(LARGE, *RESOLVE)


@benchmark(name="discover at 1 000 plugins against 10", unit="x", goal=1.5)
def growth() -> float:
    """Return how the warm cost grows with the number of plugins."""
    large, small = environment(LARGE), environment(SMALL)
    return cpu_ratio(lambda: large.cost(*IDS), lambda: small.cost(*IDS))


@benchmark(name="agentreg agents --plain, 2 000 agents", unit="x python -c pass", goal=7)
def warm_listing() -> float:
    """Return the cost of the installed command with all rows."""
    return against_nothing(LARGE, COMMAND, "agents", "--plain")


@benchmark(name="agentreg plugins --plain, 1 000 plugins", unit="x python -c pass", goal=7)
def warm_plugins() -> float:
    """Return the cost of the installed command with the state of every plugin."""
    return against_nothing(LARGE, COMMAND, "plugins", "--plain")


@benchmark(name="agentreg --help, 1 000 plugins", unit="x python -c pass", goal=7)
def warm_help() -> float:
    """Return the cost of the installed command when it only explains itself."""
    return against_nothing(LARGE, COMMAND, "--help")


@benchmark(name="cold rebuild at 1 000 plugins", unit="x python -c pass", goal=25)
def cold() -> float:
    """Return the cost of reading and validating everything."""
    place = environment(LARGE)

    def rebuild() -> float:
        place.forget()
        return place.cost(*IDS)

    ratio = cpu_ratio(rebuild, lambda: place.cost(*NOTHING), pairs=7)
    place.cost(*IDS)
    place.cost(COMMAND, "agents")
    return ratio


@benchmark(name="distributions read for plugin 1 001", unit="distributions", goal=1)
def one_more() -> float:
    """Return how many distributions are read again when one is added."""
    from registry_core.discovery.discover import search
    from registry_core.settings.values import Settings

    place = environment(LARGE)
    site = place.folder / "site"
    before = search(Settings(), path=[str(site)])
    install(site, LARGE)
    after = search(
        Settings(), path=[str(site)], memory=before.memory, remembered_ns=before.began_ns
    )
    for leftover in site.glob(f"plugin_{LARGE}*"):
        shutil.rmtree(leftover)
    place.age()
    place.cost(*IDS)
    place.cost(COMMAND, "agents")
    return after.read


@benchmark(name="100 plugins that import for 20 ms against light ones", unit="x", goal=1.2)
def heavy_imports() -> float:
    """Return what listing loses to plugins that are slow to import: nothing, if none is."""
    heavy, light = environment(100, SLOW_IMPORT), environment(100)
    return cpu_ratio(lambda: heavy.cost(*IDS), lambda: light.cost(*IDS))
