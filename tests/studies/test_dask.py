"""Draws on a local Dask cluster of two workers are the draws made here.

``make dask`` installs what it needs and fails where it cannot run; elsewhere it is
skipped without Dask.
"""

from __future__ import annotations

import os

import pytest

from costmodel import api, data
from costmodel.studies import uncertainty as u
from costmodel.studies.study import answer, load_study

STUBS = data.stubs_dir() / "top-of-stack"

if "COSTMODEL_DASK" in os.environ:
    import distributed
else:
    distributed = pytest.importorskip("distributed", reason="no dask: make dask")


@pytest.fixture(scope="module")
def client() -> object:
    """Two processes of one thread each."""
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as at,
        distributed.Client(at) as found,
    ):
        yield found


@pytest.mark.slow
def test_a_dask_cluster_of_two_gives_the_same_draws(client: object) -> None:
    assert len(client.scheduler_info()["workers"]) == 2
    paths = [
        api.load_path(str(STUBS / name))
        for name in ("v3.16-fast.S", "every-slot-mov.S")
    ]
    tasks = [
        u.Task(path, core, "once", draws=8)
        for path in paths
        for core in ("skylake", "zen2")
    ]
    told: list[tuple[int, int]] = []
    found = u.run_all(tasks, client.get_executor(), lambda *n: told.append(n))
    assert found == u.run_all(tasks)
    assert told[-1][0] == told[-1][1]


@pytest.mark.slow
def test_a_study_runs_on_it(client: object) -> None:
    study, paths = load_study(str(STUBS / "study.yaml"))
    one = type(study)(
        title=study.title, paths=study.paths, questions=study.questions[:1]
    )
    there = answer(one, paths, ["zen5"], draws=4, executor=client.get_executor())
    assert there == answer(one, paths, ["zen5"], draws=4)
