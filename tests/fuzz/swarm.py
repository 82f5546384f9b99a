"""Many cases in processes of their own: one that dies or hangs is a failure too."""

from __future__ import annotations

import argparse
import multiprocessing as mp
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.fuzz.cases import case, kind_of
from tests.fuzz.running import LIMIT, run


def swarm(args: argparse.Namespace) -> tuple[Counter[str], dict[str, Any]]:
    """How many cases of each kind there were, and every way to fail with its first."""
    context = mp.get_context("spawn")
    counts: Counter[str] = Counter()
    failures: dict[str, Any] = {}
    with context.Manager() as manager:
        told, now = manager.Queue(), manager.dict()
        workers: dict[int, Any] = {}

        def start(number: int, first: int) -> None:
            left = args.seed + args.cases - first
            target = (args.workers, first, left, told, now)
            process = context.Process(target=work, args=(number, target))
            process.start()
            workers[number] = process

        for number in range(args.workers):
            start(number, args.seed + number)
        began = shown = time.monotonic()
        while workers:
            _collect(told, counts, failures, workers)
            for number, process in list(workers.items()):
                seed, at = now.get(number, (-1, time.monotonic()))
                stuck = time.monotonic() - at > 3 * LIMIT
                if process.is_alive() and not stuck:
                    continue
                process.kill()
                process.join()
                _collect(told, counts, failures, workers)
                if number not in workers:
                    continue  # it had just told that it is done
                fate = "hangs" if stuck else f"ends with {process.exitcode}"
                _note(failures, f"the process {fate}", kind_of(seed), seed)
                start(number, seed + args.workers)
            if time.monotonic() - shown > 30:
                shown = time.monotonic()
                done = sum(counts.values())
                print(
                    f"{done} of {args.cases}, {shown - began:.0f} s,"
                    f" {len(failures)} ways to fail",
                    file=sys.stderr, flush=True,
                )  # fmt: skip
    return counts, failures


def work(number: int, target: tuple[Any, ...]) -> None:
    """Every so many cases of them all, from a first one on; tells what went wrong."""
    workers, first, left, told, now = target
    with tempfile.TemporaryDirectory(prefix="costmodel-fuzz-") as scratch:
        for seed in range(first, first + left, workers):
            now[number] = (seed, time.monotonic())
            made = case(kind_of(seed), seed)
            told.put((number, made.kind, seed, run(made, Path(scratch))))
    told.put((number, "", -1, ""))


def _collect(
    told: Any, counts: Counter[str], failures: dict[str, Any], workers: dict[int, Any]
) -> None:
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        if told.empty():
            time.sleep(0.02)
            continue
        number, kind, seed, wrong = told.get()
        if not kind:
            process = workers.pop(number, None)
            if process is not None:
                process.join()
            continue
        counts[kind] += 1
        if wrong:
            _note(failures, wrong, kind, seed)


def _note(failures: dict[str, Any], wrong: str, kind: str, seed: int) -> None:
    first = failures.get(wrong)
    failures[wrong] = (kind, seed, 1) if first is None else (*first[:2], first[2] + 1)
    if first is None:
        print(f"{wrong}: --only {kind}:{seed}", flush=True)
