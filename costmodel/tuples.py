"""``NamedTuple`` as typing has it, made in a third of the time.

typing compiles each annotation to see that it is a type; mypy has seen to that. A start
of the program makes some sixty of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from collections import namedtuple

    _OWN = ("__module__", "__qualname__", "__annotations__", "__classcell__")

    class _Meta(type):
        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body.get("__annotations__", {})
            defaults = [body[field] for field in fields if field in body]
            made = namedtuple(
                name, fields, defaults=defaults, module=body["__module__"]
            )
            made.__annotations__ = fields
            made.__qualname__ = body["__qualname__"]
            for key, value in body.items():
                if key not in fields and key not in _OWN:
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Meta):
        """Base of classes with fields, as ``typing.NamedTuple``."""
