"""Names of agents, plugins, capabilities and schemas: parse and normalise.

Each name is a ``str`` that has passed its grammar, so it is compared, sorted, hashed and
written to JSON as the text it is. Only ASCII passes: a look-alike letter is refused and
shown escaped.

    plugin       web-agents                       normalised as a distribution name
    agent id     web-agents/html_to_text@1.2.0    distribution/agent@version
    capability   content_analysis.sentiment       dotted, narrower to the right; acme:ocr
    schema id    HtmlPage#1f0c9a62b7e4            name#fingerprint of its structure
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from re import Pattern
    from typing import Self

    from pydantic_core import CoreSchema

__all__ = ["AgentId", "AgentName", "CapabilityName", "PluginName", "SchemaId", "SchemaName"]


_PLUGIN = r"[a-z0-9](?:-?[a-z0-9])*"
_AGENT = r"[a-z][a-z0-9_]*(?:-[a-z0-9_]+)*"
_SCHEMA = r"[A-Za-z_][A-Za-z0-9_., |\[\]]*"


class _Name(str):
    """Text that follows a grammar."""

    __slots__ = ()
    _kind = "name"
    _pattern = r".+"
    _expected = "text"
    _matcher: Pattern[str] | None = None

    @classmethod
    def _fits(cls, text: str) -> bool:
        return cls._grammar().fullmatch(text) is not None

    @classmethod
    def _grammar(cls) -> Pattern[str]:
        matcher: Pattern[str] | None = cls.__dict__.get("_matcher")
        if matcher is None:
            # Listing agents parses no name, and importing re would cost half of what it takes.
            import re

            matcher = cls._matcher = re.compile(cls._pattern, re.ASCII)
        return matcher

    @classmethod
    def _refused(cls, text: str) -> Exception:
        from registry_core.errors import InvalidNameError

        return InvalidNameError(cls._kind, text, cls._expected)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return *text* as a name.

        Raises:
            InvalidNameError: If *text* does not follow the grammar.
        """
        if not cls._fits(text):
            raise cls._refused(text)
        return cls(text)

    @classmethod
    def parser(cls) -> Callable[[str], Self]:
        """Return what does what :meth:`parse` does, in half of its time: for thousands of names."""
        fits, make = cls._grammar().fullmatch, str.__new__

        def parse(text: str) -> _Name:
            if fits(text) is None:
                raise cls._refused(text)
            return make(cls, text)

        return parse  # type: ignore[return-value]  # a name of this class

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> CoreSchema:
        """Let pydantic check foreign text by the same grammar."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema())


class PluginName(_Name):
    """Name of a plugin, in the normal form of distribution names (PEP 503).

    >>> PluginName.parse("Web_Agents")
    'web-agents'
    """

    __slots__ = ()
    _kind = "plugin name"
    _pattern = _PLUGIN
    _expected = "ASCII letters, digits and single hyphens, such as 'web-agents'"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return *text* in normal form: lower case, runs of ``-_.`` as one hyphen."""
        normal = text
        if text.isascii():
            normal = text.lower().replace("_", "-").replace(".", "-")
            while "--" in normal:
                normal = normal.replace("--", "-")
        if not cls._fits(normal):
            raise cls._refused(text)
        return cls(normal)

    @classmethod
    def parser(cls) -> Callable[[str], Self]:
        """Return :meth:`parse`: there is no shorter way to the normal form."""
        return cls.parse


class AgentName(_Name):
    """Short name of an agent, unique within its distribution."""

    __slots__ = ()
    _kind = "agent name"
    _pattern = _AGENT
    _expected = "lower-case ASCII letters, digits, '_' and '-', such as 'html_to_text'"


class AgentId(_Name):
    """Identity of an agent: ``distribution/agent@version``.

    >>> agent_id = AgentId.parse("web-agents/html_to_text@1.2.0")
    >>> agent_id.distribution, agent_id.agent, agent_id.version
    ('web-agents', 'html_to_text', '1.2.0')
    """

    __slots__ = ()
    _kind = "agent id"
    _pattern = rf"{_PLUGIN}/{_AGENT}@[A-Za-z0-9][A-Za-z0-9.!+_-]*"
    _expected = "'distribution/agent@version', such as 'web-agents/html_to_text@1.2.0'"

    @classmethod
    def of(cls, distribution: str, agent: str, version: str) -> Self:
        """Return the id made of its three parts."""
        return cls.parse(f"{PluginName.parse(distribution)}/{agent}@{version}")

    @property
    def distribution(self) -> PluginName:
        """The distribution that offers the agent."""
        return PluginName(self.partition("/")[0])

    @property
    def agent(self) -> AgentName:
        """The short name."""
        return AgentName(self.partition("/")[2].partition("@")[0])

    @property
    def version(self) -> str:
        """The agent's version."""
        return self.rpartition("@")[2]


class CapabilityName(_Name):
    """What an agent can do, as a dotted name; a prefix before ``:`` is a team's own name space.

    >>> CapabilityName.parse("content_analysis.sentiment").broader
    'content_analysis'
    >>> CapabilityName.parse("acme:ocr").broader is None
    True
    """

    __slots__ = ()
    _kind = "capability"
    _pattern = r"(?:[a-z][a-z0-9_-]*:)?[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*"
    _expected = "dotted lower-case ASCII, such as 'content_analysis.sentiment' or 'acme:ocr'"

    @property
    def broader(self) -> CapabilityName | None:
        """The next broader term, or None for a top term."""
        head, dot, _ = self.rpartition(".")
        return CapabilityName(head) if dot else None


class SchemaName(_Name):
    """Name of a schema: a class name, or a builtin as Python writes it (``list[str]``)."""

    __slots__ = ()
    _kind = "schema name"
    _pattern = _SCHEMA
    _expected = "a class name such as 'HtmlPage', or a builtin such as 'list[str]'"


class SchemaId(_Name):
    """Identity of a schema: its name and the fingerprint of its structure.

    >>> SchemaId.parse("HtmlPage#1f0c9a62b7e4").name
    'HtmlPage'
    """

    __slots__ = ()
    _kind = "schema id"
    _pattern = rf"{_SCHEMA}#[0-9a-f]{{12}}"
    _expected = "'Name#fingerprint', such as 'HtmlPage#1f0c9a62b7e4'"

    @property
    def name(self) -> SchemaName:
        """The name without the fingerprint."""
        return SchemaName(self.rpartition("#")[0])

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits."""
        return self.rpartition("#")[2]
