"""What cannot be judged: kept by name, so that saying a thing and its opposite still counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.schemas.problem import Unknown

if TYPE_CHECKING:
    from registry_core.schemas.atoms import Opaque

__all__ = ["Opacity"]


class Opacity:
    """The opaque things said of one value so far."""

    __slots__ = ("_said",)

    def __init__(self, said: dict[tuple[str, str], bool] | None = None) -> None:
        """Start from what was *said* already."""
        self._said = said or {}

    def copy(self) -> Opacity:
        """Return a copy that can grow apart."""
        return Opacity(dict(self._said)) if self._said else Opacity()

    def add(self, opaque: Opaque) -> bool:
        """Keep *opaque*; False when the opposite was said before."""
        return self._said.setdefault((opaque.keyword, opaque.body), opaque.holds) is opaque.holds

    @property
    def doubt(self) -> Unknown | None:
        """Why a value found cannot be trusted, or None."""
        for keyword, body in self._said:
            return Unknown(keyword, f"{keyword} {body[:60]} cannot be judged")
        return None
