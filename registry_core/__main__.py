"""``python -m registry_core`` is ``agentreg``."""

from __future__ import annotations

from registry_core.cli import main

if __name__ == "__main__":
    main()
