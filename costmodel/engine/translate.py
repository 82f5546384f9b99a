"""The engine's Python, said again in C: how one source serves plain and compiled runs.

The engine is written in a small part of Python: functions of integers and integer
arrays, loops over ranges, no objects. That part means the same in C, so it is
translated, not rewritten: every int is an ``int64_t``, every ``list[int]`` a pointer,
``Params`` a structure of integers, module constants are written out, ``//`` and ``%``
round as Python's do, and a tuple result is a structure. Anything else in the source is
an error here, when the engine is built, and not a different answer later.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

PRELUDE = """\
#include <stdint.h>
typedef int64_t i64;
typedef struct { i64 r0, r1, r2, r3; } tuple;
/* Nearly all operands are small and positive, where a short division is much faster. */
static inline i64 floordiv(i64 a, i64 b)
{ if (!((a | b) >> 31)) return (uint32_t)a / (uint32_t)b;
  i64 q = a / b; return q - (a % b != 0 && (a % b < 0) != (b < 0)); }
static inline i64 floormod(i64 a, i64 b)
{ if (!((a | b) >> 31)) return (uint32_t)a % (uint32_t)b;
  i64 r = a % b; return r + ((r != 0 && (r < 0) != (b < 0)) ? b : 0); }
static inline i64 bit_length(i64 a) /* of a number that is not negative */
{ return a ? 64 - __builtin_clzll((unsigned long long)a) : 0; }
static inline i64 max2(i64 a, i64 b) { return a > b ? a : b; }
static inline i64 min2(i64 a, i64 b) { return a < b ? a : b; }
"""

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_CALLS = {"max": "max2", "min": "min2"}


class Untranslatable(Exception):
    """The engine's source left the part of Python that has a meaning in C."""


def functions(modules: Sequence[ModuleType]) -> list[Callable[..., Any]]:
    """The engine's functions: those each module defines and does not mark ``_``."""
    return [
        value
        for module in modules
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and value.__module__ == module.__name__
        and name not in getattr(module, "PLAIN_ONLY", ())
    ]


def translate(
    modules: Sequence[ModuleType],
    fields: Sequence[str],
    exported: Sequence[str],
    never: Sequence[str] = (),
    unread: Sequence[str] = (),
    known: Mapping[str, int] | None = None,
) -> str:
    """C source of every function of ``modules``; ``exported`` is callable from outside.

    ``fields`` names the members of ``Params`` in order, ``known`` gives the values of
    those that never change. Array entries that the constants in ``never`` name are 0,
    for good; entries in ``unread`` are not kept.
    """
    chosen = functions(modules)
    names = {f.__name__ for f in chosen}
    bodies = [
        _Function(f, names, exported, frozenset(never), frozenset(unread), known or {})
        for f in chosen
    ]
    params = "typedef struct { i64 " + ", ".join(fields) + "; } Params;\n"
    heads = "".join(b.head() + ";\n" for b in bodies)
    return PRELUDE + params + heads + "\n" + "\n".join(b.text() for b in bodies)


class _Function:
    """One function's C text."""

    def __init__(
        self,
        function: Callable[..., Any],
        names: set[str],
        exported: Sequence[str],
        never: frozenset[str],
        unread: frozenset[str],
        params: Mapping[str, int],
    ) -> None:
        self.name = function.__name__
        self.globals: dict[str, Any] = function.__globals__
        self.known = names
        self.public = self.name in exported
        self.never = never
        self.unread = unread
        self.params = params
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        if not isinstance(tree, ast.FunctionDef):
            raise Untranslatable(f"{self.name}: not a plain function")
        self.tree = tree
        self.arguments = [_said(a.arg) for a in tree.args.args]
        self.locals: dict[str, None] = {}
        self.counter = 0

    # --- declarations ---------------------------------------------------------------
    def head(self) -> str:
        arguments = ", ".join(
            _type(a.annotation) + _said(a.arg) for a in self.tree.args.args
        )
        returns = ast.unparse(self.tree.returns) if self.tree.returns else "None"
        kind = {"None": "void", "int": "i64", "bool": "i64"}.get(returns, "tuple")
        prefix = "" if self.public else "static inline "
        return f"{prefix}{kind} {self.name}({arguments})"

    def text(self) -> str:
        body = "".join(self._statement(s, 1) for s in self.tree.body)
        names = [n for n in self.locals if n not in self.arguments]
        declared = f"  i64 {', '.join(n + ' = 0' for n in names)};\n" if names else ""
        return f"{self.head()}\n{{\n{declared}{body}}}\n"

    # --- statements -----------------------------------------------------------------
    def _block(self, statements: Sequence[ast.stmt], depth: int) -> str:
        pad = "  " * depth
        inner = "".join(self._statement(s, depth + 1) for s in statements)
        return f"{pad}{{\n{inner}{pad}}}\n"

    def _statement(self, node: ast.stmt, depth: int) -> str:
        pad = "  " * depth
        if isinstance(node, ast.Expr):
            if isinstance(node.value, ast.Constant):
                return ""  # a docstring
            return f"{pad}{self._value(node.value)};\n"
        if isinstance(node, ast.Assign):
            return self._assign(node, pad)
        if isinstance(node, ast.AugAssign):
            left = self._target(node.target)
            right = self._binary(node.op, self._target_value(node.target), node.value)
            return f"{pad}{left} = {right};\n"
        if isinstance(node, ast.If):
            out = f"{pad}if ({self._value(node.test)})\n"
            out += self._block(node.body, depth)
            if node.orelse:
                out += f"{pad}else\n" + self._block(node.orelse, depth)
            return out
        if isinstance(node, ast.While):
            return f"{pad}while ({self._value(node.test)})\n" + self._block(
                node.body, depth
            )
        if isinstance(node, ast.For):
            return self._for(node, depth)
        if isinstance(node, ast.Return):
            return self._return(node, pad)
        if isinstance(node, ast.Break):
            return f"{pad}break;\n"
        if isinstance(node, ast.Continue):
            return f"{pad}continue;\n"
        raise self._error(node)

    def _assign(self, node: ast.Assign, pad: str) -> str:
        dropped = self.unread | self.never
        kept = [t for t in node.targets if not self._names(t, dropped)]
        if not kept:
            return ""
        target = kept[0]
        if isinstance(target, ast.Tuple):
            places = [self._target(t) for t in target.elts]
            if isinstance(node.value, ast.Tuple):
                values = [self._value(v) for v in node.value.elts]
                fresh = [self._fresh() for _ in values]
                return "".join(
                    f"{pad}{a} = {v};\n" for a, v in zip(fresh, values, strict=True)
                ) + "".join(
                    f"{pad}{p} = {a};\n" for p, a in zip(places, fresh, strict=True)
                )
            self.counter += 1
            name = f"tuple_{self.counter}"
            out = f"{pad}tuple {name} = {self._value(node.value)};\n"
            for k, place in enumerate(places):
                out += f"{pad}{place} = {name}.r{k};\n"
            return out
        value = self._value(node.value)
        out = ""
        for each in kept:
            out += f"{pad}{self._target(each)} = {value};\n"
        return out

    def _for(self, node: ast.For, depth: int) -> str:
        pad = "  " * depth
        name = self._target(node.target)
        call = node.iter
        if isinstance(call, ast.Tuple):
            values = ", ".join(self._value(v) for v in call.elts)
            at, array = self._fresh(), f"array_{self.counter}"
            out = f"{pad}static const i64 {array}[] = {{{values}}};\n"
            out += f"{pad}for ({at} = 0; {at} < {len(call.elts)}; {at}++)\n{pad}{{\n"
            out += f"{pad}  {name} = {array}[{at}];\n"
        elif (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "range"
        ):
            bounds = [self._value(a) for a in call.args]
            start, stop = ("0", bounds[0]) if len(bounds) == 1 else bounds[:2]
            step = bounds[2] if len(bounds) == 3 else "1"
            at, end = self._fresh(), self._fresh()
            sign = ">" if step.startswith(("-", "(-")) else "<"
            out = f"{pad}{end} = {stop};\n"
            out += f"{pad}for ({at} = {start}; {at} {sign} {end}; {at} += {step})\n"
            out += f"{pad}{{\n{pad}  {name} = {at};\n"
        else:
            raise self._error(node)
        out += "".join(self._statement(s, depth + 1) for s in node.body)
        return out + f"{pad}}}\n"

    def _return(self, node: ast.Return, pad: str) -> str:
        if node.value is None:
            return f"{pad}return;\n"
        if isinstance(node.value, ast.Tuple):
            values = ", ".join(self._value(v) for v in node.value.elts)
            return f"{pad}return (tuple){{{values}}};\n"
        return f"{pad}return {self._value(node.value)};\n"

    def _names(self, node: ast.expr, names: frozenset[str]) -> bool:
        """Whether ``node`` is an array entry whose place one of ``names`` says."""
        return isinstance(node, ast.Subscript) and any(
            isinstance(n, ast.Name) and n.id in names for n in ast.walk(node.slice)
        )

    # --- expressions ----------------------------------------------------------------
    def _fresh(self) -> str:
        self.counter += 1
        name = f"v_{self.counter}"
        self.locals[name] = None
        return name

    def _target(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            self.locals[_said(node.id)] = None
            return _said(node.id)
        if isinstance(node, ast.Subscript):
            return self._value(node)
        raise self._error(node)

    def _target_value(self, node: ast.expr) -> str:
        return _said(node.id) if isinstance(node, ast.Name) else self._value(node)

    def _binary(self, op: ast.operator, left: str, right: ast.expr) -> str:
        other = self._value(right)
        if isinstance(op, ast.FloorDiv):
            return f"floordiv({left}, {other})"
        if isinstance(op, ast.Mod):
            return f"floormod({left}, {other})"
        sign = _BINARY.get(type(op))
        if sign is None:
            raise self._error(right)
        return f"({left} {sign} {other})"

    def _value(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return str(int(node.value))
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return self._attribute(node, node.value.id)
        if isinstance(node, ast.Subscript):
            if self._names(node, self.never):
                return "0"
            return f"{self._value(node.value)}[{self._value(node.slice)}]"
        if isinstance(node, ast.BinOp):
            return self._binary(node.op, self._value(node.left), node.right)
        if isinstance(node, ast.UnaryOp):
            sign = {ast.Not: "!", ast.USub: "-", ast.Invert: "~"}.get(type(node.op))
            if sign is not None:
                return f"({sign}{self._value(node.operand)})"
        if isinstance(node, ast.BoolOp):
            sign = " && " if isinstance(node.op, ast.And) else " || "
            return "(" + sign.join(self._value(v) for v in node.values) + ")"
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.IfExp):
            return (
                f"({self._value(node.test)} ? {self._value(node.body)}"
                f" : {self._value(node.orelse)})"
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node, node.func.id)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "bit_length" and not node.args:
                return f"bit_length({self._value(node.func.value)})"
        raise self._error(node)

    def _name(self, node: ast.Name) -> str:
        if _said(node.id) in self.locals or _said(node.id) in self.arguments:
            return _said(node.id)
        value = self.globals.get(node.id)
        if isinstance(value, int):
            return str(int(value))
        raise self._error(node)

    def _attribute(self, node: ast.Attribute, owner: str) -> str:
        if _said(owner) in self.arguments:
            if node.attr in self.params:
                return f"({self.params[node.attr]})"
            return f"{_said(owner)}->{node.attr}"
        value = getattr(self.globals.get(owner), node.attr, None)
        if isinstance(value, int):
            return str(value)
        raise self._error(node)

    def _comparison(self, node: ast.Compare) -> str:
        parts, left = [], node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            sign = _COMPARE.get(type(op))
            if sign is None:
                raise self._error(node)
            parts.append(f"({self._value(left)} {sign} {self._value(right)})")
            left = right
        return parts[0] if len(parts) == 1 else "(" + " && ".join(parts) + ")"

    def _call(self, node: ast.Call, name: str) -> str:
        if (name not in self.known and name not in _CALLS) or node.keywords:
            raise self._error(node)
        if name in _CALLS and len(node.args) != 2:
            raise self._error(node)
        arguments = ", ".join(self._value(a) for a in node.args)
        return f"{_CALLS.get(name, name)}({arguments})"

    def _error(self, node: ast.AST) -> Untranslatable:
        line = getattr(node, "lineno", 0)
        return Untranslatable(
            f"{self.name}, line {line} of it: {ast.unparse(node)} has no meaning in C"
        )


def _said(name: str) -> str:
    """A variable's name in C, where ``register`` and others mean something."""
    return name + "_"


def _type(annotation: ast.expr | None) -> str:
    text = ast.unparse(annotation) if annotation is not None else ""
    if text in ("int", "bool"):
        return "i64 "
    if text == "list[int]":
        return "i64 *restrict "
    if text == "Params":
        return "const Params *restrict "
    raise Untranslatable(f"a parameter of type {text or 'unknown'}")
