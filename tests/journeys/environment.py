"""Real environments: wheels that are built, virtual environments that pip fills."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Environment", "build_wheels", "new_environment"]

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints.txt"


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment.

    Attributes:
        folder: Where it is.
    """

    folder: Path

    @property
    def programs(self) -> Path:
        """The folder of its programs."""
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin")

    @property
    def site(self) -> Path:
        """The folder that packages are installed in."""
        return next(self.folder.glob("lib/python*/site-packages"))

    def run(
        self, *words: str, cwd: Path | None = None, state: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of this environment and return what it left behind.

        Args:
            words: What to type.
            cwd: Where; the environment's folder unless given.
            state: Where runs are remembered; in the environment's folder unless given.
            check: Whether an exit code other than 0 is an error.
        """
        program, *rest = words
        environment = {
            "PATH": os.pathsep.join((str(self.programs), os.defpath)),
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(state or self.folder / "state"),
        }
        return subprocess.run(
            [str(self.programs / program), *rest],
            cwd=cwd or self.folder,
            env=_network() | environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=300,
        )

    def shell(self, line: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command line as a reader would type it; never raises for its exit code."""
        (self.programs / "sh").unlink(missing_ok=True)
        (self.programs / "sh").symlink_to("/bin/sh")
        return self.run("sh", "-c", line, cwd=cwd, check=False)

    def install(self, *what: str | Path, dependencies: bool = True) -> None:
        """Install distributions with pip, at the versions that this workspace pins."""
        options = ["--quiet", "--constraint", str(CONSTRAINTS)]
        if not dependencies:
            options.append("--no-deps")
        self.run("python", "-m", "pip", "install", *options, *map(str, what))


def new_environment(folder: Path, *, on_top_of: Environment | None = None) -> Environment:
    """Return a new environment; what another one has can be seen in it too."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    made = Environment(folder)
    if on_top_of is not None:
        (made.site / "below.pth").write_text(f"{on_top_of.site}\n", encoding="utf-8")
        command = made.programs / "agentreg"
        code = "from registry_core.cli import main\nmain()\n"
        command.write_text(f"#!{made.programs / 'python'}\n{code}", encoding="utf-8")
        command.chmod(0o755)
    return made


def build_wheels(folder: Path, *projects: Path) -> list[Path]:
    """Return the wheels of *projects*, built into *folder*."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run(
        [*command, "--wheel-dir", str(folder), *map(str, projects)], check=True, cwd=ROOT
    )
    return sorted(folder.glob("*.whl"))


def _network() -> dict[str, str]:
    # How pip reaches its index is the machine's business, not ours.
    inherited = dict(os.environ)  # noqa: TID251 -- handed down as it is
    return {
        key: value for key, value in inherited.items() if not key.startswith(("PYTHON", "VIRTUAL"))
    }
