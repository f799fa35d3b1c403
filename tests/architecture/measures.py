"""What of the house style can be counted, and no linter has a rule for.

Each measure takes sources and yields offences, one line each, so that a test's message is
the list of what to mend.
"""

from __future__ import annotations

import ast
import io
import itertools
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = [
    "Offence",
    "Source",
    "lone_abstractions",
    "long_functions",
    "long_modules",
    "loose_returns",
    "narrating_comments",
    "private_words",
    "read_sources",
    "twin_models",
    "unannotated",
    "vague_names",
]

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_VAGUE_CLASS = re.compile(
    r"(Manager|Helpers?|Utils?|Handler|Processor|Wrapper|Impl|Info|Data|Object)$"
    r"|^_?(Base|Abstract)[A-Z]"
)
_TERMS_OF_ART = frozenset({"PersonalData"})
_VAGUE_MODULE = re.compile(r"_?(utils?|helpers?|common|misc|managers?|base|core|types?)")
_NARRATION = re.compile(
    r"""\#+\s*(
        step\s*\d | (now|first|then|next|finally),?\s
        | (create|return|set|get|check|add|call|update|define|import|load|build|make)
          \s+(up\s+)?(a|an|the|all|if|whether|that)\s
        | (loop|iterate)\s+(over|through)\b | initiali[sz]e\b
        | this\s+(function|method|class|module)\b
        | [=\-*]{4,}
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})
_SHAPELESS = frozenset({"Any", "object"})
# Each is written so that it does not find itself here.
_PRIVATE = (
    re.compile(r"/[w]ork/|/[r]oot/|/[o]pt/(pypi|wheels)|/[t]mp/w/"),
    re.compile(r"\b[Ii]ssue\s+#?\d+"),
    re.compile(r"\b[C]EO\b|\b(this|last|next|previous) [s]ession\b|[s]hared/|[c]odebase helper"),
    re.compile(r"\b(REQUIREMENTS|FAULTS|DESIGN|STYLE|ANCHORS|BRIEF)[.]md\b"),
    re.compile(r"\b(pypi|npmjs|pythonhosted)[.](org|com)\b|--(extra-)?index-[u]rl"),
)


@dataclass(frozen=True, slots=True)
class Offence:
    """A place in the code and what is wrong there."""

    place: str
    what: str

    def __str__(self) -> str:
        """As an editor's error list reads it."""
        return f"{self.place}: {self.what}"


@dataclass(frozen=True, slots=True)
class Source:
    """One module, read and parsed.

    Attributes:
        path: Where it stands, relative to the workspace.
        text: Its text.
        tree: Its syntax tree.
    """

    path: str
    text: str
    tree: ast.Module

    @classmethod
    def parse(cls, path: str, text: str) -> Source:
        """Return the module that *text* holds."""
        return cls(path, text, ast.parse(text, path))

    def at(self, node: ast.AST, what: str) -> Offence:
        """Return an offence at *node*."""
        return Offence(f"{self.path}:{getattr(node, 'lineno', 1)}", what)

    def classes(self) -> Iterator[ast.ClassDef]:
        """Yield every class, nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))

    def functions(self) -> Iterator[Function]:
        """Yield every function and method, nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


def read_sources(folder: Path, *, root: Path) -> tuple[Source, ...]:
    """Return all modules under *folder*, named relative to *root*; templates are not code yet."""
    return tuple(
        Source.parse(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.py"))
        if "templates" not in path.relative_to(folder).parts
    )


def long_modules(sources: Iterable[Source], *, limit: int) -> Iterator[Offence]:
    """Yield modules of more than *limit* lines."""
    for source in sources:
        lines = source.text.count("\n")
        if lines > limit:
            yield Offence(source.path, f"{lines} lines")


def long_functions(sources: Iterable[Source], *, limit: int) -> Iterator[Offence]:
    """Yield functions of more than *limit* lines, their docstring not counted."""
    for source in sources:
        for function in source.functions():
            lines = _lines(function) - sum(_lines(node) for node in _docstring(function))
            if lines > limit:
                yield source.at(function, f"{function.name} has {lines} lines")


def loose_returns(sources: Iterable[Source]) -> Iterator[Offence]:
    """Yield public functions that return a mapping to anything."""
    for source in sources:
        for function in source.functions():
            if not function.name.startswith("_") and _is_loose(function.returns):
                yield source.at(function, f"{function.name} returns a mapping to anything")


def vague_names(sources: Iterable[Source]) -> Iterator[Offence]:
    """Yield modules and classes whose name says nothing."""
    for source in sources:
        stem = source.path.rpartition("/")[2].removesuffix(".py")
        if _VAGUE_MODULE.fullmatch(stem):
            yield Offence(source.path, "vague module name")
        for node in source.classes():
            if node.name not in _TERMS_OF_ART and _VAGUE_CLASS.search(node.name):
                yield source.at(node, f"vague class name {node.name}")


def twin_models(
    sources: Iterable[Source], *, min_fields: int = 4, overlap: float = 0.7
) -> Iterator[Offence]:
    """Yield pairs of classes that declare nearly the same fields.

    Args:
        sources: Modules of one distribution.
        min_fields: Classes with fewer fields are not compared.
        overlap: Share of common fields, of all fields of both, from which two are twins.
    """
    models = [
        (source, node, fields)
        for source in sources
        for node in source.classes()
        if len(fields := _fields(node)) >= min_fields
    ]
    for (source, node, fields), (other, twin, others) in itertools.combinations(models, 2):
        if len(fields & others) / len(fields | others) >= overlap:
            yield source.at(node, f"{node.name} is nearly {twin.name} of {other.path}")


def lone_abstractions(sources: Iterable[Source]) -> Iterator[Offence]:
    """Yield abstract classes with fewer than two subclasses among *sources*."""
    known = [(source, node) for source in sources for node in source.classes()]
    parents = [name for _, node in known for name in map(_last_name, node.bases)]
    for source, node in known:
        metaclasses = (_last_name(k.value) for k in node.keywords if k.arg == "metaclass")
        abstract = "ABC" in map(_last_name, node.bases) or "ABCMeta" in metaclasses
        if abstract and parents.count(node.name) < 2:
            yield source.at(node, f"{node.name} abstracts from {parents.count(node.name)} classes")


def narrating_comments(sources: Iterable[Source]) -> Iterator[Offence]:
    """Yield comments that say again what the next line says."""
    for source in sources:
        for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
            if token.type == tokenize.COMMENT and _NARRATION.match(token.string):
                yield Offence(f"{source.path}:{token.start[0]}", token.string)


def unannotated(sources: Iterable[Source]) -> Iterator[Offence]:
    """Yield functions with a parameter or a result that has no type; a bare self is no offence."""
    for source in sources:
        bound = {function for owner in source.classes() for function in _bound_methods(owner)}
        for function in source.functions():
            given = function.args
            named = [*given.posonlyargs, *given.args][function in bound :]
            starred = filter(None, (given.vararg, given.kwarg))
            arguments = (*named, *given.kwonlyargs, *starred)
            bare = [argument.arg for argument in arguments if argument.annotation is None]
            if function.returns is None:
                bare.append("its result")
            if bare:
                yield source.at(function, f"{function.name} leaves {', '.join(bare)} untyped")


def private_words(path: str, text: str) -> Iterator[Offence]:
    """Yield lines that only mean something where this was written."""
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern in _PRIVATE:
            if found := pattern.search(line):
                yield Offence(f"{path}:{number}", found[0])


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _docstring(function: Function) -> list[ast.stmt]:
    return function.body[:1] if ast.get_docstring(function, clean=False) is not None else []


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=inner) | ast.Call(func=inner):
            return _last_name(inner)
        case _:
            return ""


def _is_loose(annotation: ast.expr | None) -> bool:
    return annotation is not None and any(
        isinstance(node, ast.Subscript)
        and _last_name(node) in _MAPPINGS
        and not _SHAPELESS.isdisjoint(map(_last_name, _expressions(node.slice)))
        for node in ast.walk(annotation)
    )


def _expressions(node: ast.expr) -> Iterator[ast.expr]:
    return (part for part in ast.walk(node) if isinstance(part, ast.expr))


def _bound_methods(owner: ast.ClassDef) -> Iterator[Function]:
    for node in owner.body:
        if isinstance(node, Function):
            decorators = map(_last_name, node.decorator_list)
            if "staticmethod" not in decorators:
                yield node


def _fields(node: ast.ClassDef) -> frozenset[str]:
    return frozenset(
        statement.target.id
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    )
