"""``NamedTuple`` as typing has it, made in a fifth of the time.

typing compiles each annotation to see that it is a type; mypy has seen to that.
``collections.namedtuple`` compiles a constructor for each class; here one is compiled
for each number of fields, and its parameters are given their names. A start of the
program makes some eighty of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from _collections import _tuplegetter as _field
    from types import FunctionType

    _new = tuple.__new__
    _templates = {}  # number of fields -> code of a constructor

    def _constructor(name, fields, defaults):
        count = len(fields)
        code = _templates.get(count)
        if code is None:
            names = "".join(f"_{k}, " for k in range(count))
            made = eval(f"lambda _cls, {names}: _new(_cls, ({names}))")
            code = _templates[count] = made.__code__
        code = code.replace(
            co_varnames=("_cls", *fields),
            co_name="__new__",
            co_qualname=f"{name}.__new__",
        )
        return FunctionType(code, {"_new": _new}, "__new__", defaults)

    class _Base(tuple):
        """What ``collections.namedtuple`` gives each of its classes."""

        __slots__ = ()

        @classmethod
        def _make(cls, iterable):
            """A new object from a sequence or iterable."""
            made = _new(cls, iterable)
            if len(made) != len(cls._fields):
                raise TypeError(
                    f"Expected {len(cls._fields)} arguments, got {len(made)}"
                )
            return made

        def _replace(self, /, **changed):
            """The same with other values of the fields named."""
            made = _new(self.__class__, map(changed.pop, self._fields, self))
            if changed:
                raise ValueError(f"Got unexpected field names: {list(changed)!r}")
            return made

        def _asdict(self):
            """The fields by name."""
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            shown = ", ".join(
                f"{name}={value!r}"
                for name, value in zip(self._fields, self, strict=True)
            )
            return f"{self.__class__.__name__}({shown})"

        def __getnewargs__(self):
            return tuple(self)

    class _Meta(type):
        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body[field] for field in fields if field in body}
            space = {
                **body,
                "__slots__": (),
                "__new__": _constructor(name, fields, tuple(defaults.values())),
                "__match_args__": fields,
                "_fields": fields,
                "_field_defaults": defaults,
                **{field: _field(k, field) for k, field in enumerate(fields)},
            }
            return type(name, (_Base,), space)

    class NamedTuple(metaclass=_Meta):
        """Base of classes with fields, as ``typing.NamedTuple``."""
