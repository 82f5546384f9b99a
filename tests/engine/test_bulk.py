"""The bulk path gives what the plain engine gives, whichever way it puts traces."""

from __future__ import annotations

import os
from array import array
from pathlib import Path

import pytest

from costmodel.code.decode import decode_bytes, split
from costmodel.cores.load import load_core
from costmodel.engine import compiled
from costmodel.engine import layout as L
from costmodel.engine.bulk import Bulk
from costmodel.engine.item import Item
from costmodel.engine.links import links
from costmodel.engine.place import place
from costmodel.engine.pool import Pool

pytestmark = pytest.mark.skipif(compiled.compiler() is None, reason="no C compiler")

BLOCKS = [
    "01c0", "4801d84839d87405", "488b07488b00", "48890748034f08f00fb10f",
    "4883ec08e80000000059", "8a2701d888e388fb01c3", "4839c8", "7405", "83f805720290",
    "488b07480301488907", "4c8b104d8b124d8b52104901c2", "48ffc875fb", "f3a4",
    "0fa2", "0f05", "4889c34889d94889ca4801d0", "66b8345266b93452", "48f7f1c3",
]  # fmt: skip
CORES = ["skylake", "ivybridge", "goldencove", "zen2", "zen5", "nehalem"]


@pytest.mark.parametrize("core", CORES)
def test_compiled_and_plain_runs_agree(core: str) -> None:
    plain = Bulk(load_core(core), compiled=False)
    fast = Bulk(load_core(core), compiled=True)
    for code in map(bytes.fromhex, BLOCKS):
        assert fast.throughput(code) == plain.throughput(code), code.hex()


@pytest.mark.parametrize("core", CORES)
def test_a_trace_of_templates_is_the_trace_the_builder_makes(core: str) -> None:
    bulk = Bulk(load_core(core), compiled=False)
    pool = Pool(bulk.builder)
    for code in map(bytes.fromhex, BLOCKS):
        body = decode_bytes(code)
        pieces = pool.pieces(split(code))
        if any(piece.apart for piece in pieces):
            continue
        rows, depth, _ = links(body, bulk.core)
        items = [Item(i.form) for i in body]
        whole = bulk.builder.build(items, links=rows, depth=depth)
        block = [len(body), 0, 1, 0, whole[L.T_DEPTH], 0, len(rows)]
        block += [len(rows) * L.ACCESS_SIZE, 0, 0, *pool.templates(pieces, rows)]
        for row in rows:
            block += row
        room = pool.fixed + sum(p.size for p in pieces) + len(block)
        trace = array("q", [7] * room)
        place(pool.numbers, block, trace)  # type: ignore[arg-type]
        assert list(trace[: len(whole)]) == whole, code.hex()


def test_the_oldest_libraries_are_forgotten(tmp_path: Path) -> None:
    for k in range(compiled.MOST_KEPT + 3):
        so = tmp_path / f"engine-{k}.so"
        so.touch()
        os.utime(so, (k, k))
    compiled._forget(tmp_path)
    left = {so.name for so in tmp_path.iterdir()}
    assert left == {f"engine-{k}.so" for k in range(3, compiled.MOST_KEPT + 3)}


def test_an_engine_for_one_core_is_the_general_one() -> None:
    """The same source with the core's figures written out."""
    bulk = Bulk(load_core("zen5"), compiled=True)
    general = Bulk(load_core("zen5"), compiled=True)
    general._fast._call = compiled.raw("place_and_rate", "aaaaaaiiiiaaaa")
    for code in map(bytes.fromhex, BLOCKS):
        assert bulk.throughput(code) == general.throughput(code), code.hex()
