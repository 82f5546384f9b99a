"""A two-port core small enough to reason about, for tests of every room."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from costmodel.cores.load import LoadedCore, load_core, with_values
from costmodel.cores.model import Core

TINY = """\
title: Tiny
vendor: intel
family: tiny
year: 2000
source: DOC
sources:
  DOC: a document
ports:
  names: [p0, p1]
  classes:
    alu: [p0, p1]
    shift: [p0]
    branch: [p1]
    branch_taken: [p1]
    imul: [p1]
    load: [p0]
    store_address: [p0]
    store_data: [p1]
window:
  rob: 16
  retire: 2
  load_buffer: 4
  store_buffer: 3
  schedulers:
    - {ports: [p0, p1], entries: 8}
front_end:
  decode: {width: 2, uops: 2, complex_uops: 2}
  uop_cache: {window: 32, capacity: 64}
rename: {width: 2, zero_idioms: [xor]}
memory: {load_latency: 4}
costs:
  mov: {"r,r": alu, "r,i": alu, "r,m": [], "m,r": [], "m,i": []}
  alu: {"r,r": alu, "r,i": alu}
  cmp: {"r,r": alu, "r,i": alu}
  shift: {"r,i": shift}
  imul: {"r,r": imul 3}
  push: {r: []}
  pop: {r: []}
  jcc: {"*": branch}
  jmp: {"*": branch}
  nop: {"*": none 0}
"""


def write(folder: Path, name: str, text: str) -> Path:
    """The file ``folder/name.yaml`` holding ``text``."""
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def tiny(text: str = TINY) -> LoadedCore:
    """The tiny core, or another one written out in full."""
    return _tiny(text)


@cache
def _tiny(text: str) -> LoadedCore:
    with tempfile.TemporaryDirectory() as folder:
        return load_core(str(write(Path(folder), "tiny", text)))


def tiny_core(values: Mapping[str, Any] | None = None, text: str = TINY) -> Core:
    """The tiny core with some numbers changed: ``tiny_core({"window.rob": 4})``."""
    return with_values(tiny(text), values or {})
