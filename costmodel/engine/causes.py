"""Why a cycle was spent: the vocabulary of every breakdown.

The engine records one cause for each event it times; the number is the index here.
"""

from __future__ import annotations

(
    START, PIPELINE, FETCH, LENGTH_PREFIX, DECODE, DECODE_FIRST, MICROCODE,
    UOP_CACHE, REDIRECT, QUEUE_FULL, ISSUE_WIDTH, ISSUE_MEMORY, ROB_FULL,
    SCHEDULER_FULL, LOAD_BUFFER, STORE_BUFFER, REGISTERS, SERIALISE, DRAIN, INPUT,
    PORT, DIVIDER, EXECUTE, LOAD, FORWARD, FORWARD_BLOCKED, SPLIT, LATENCY,
    RETIRE_ORDER, RETIRE_WIDTH, COMMIT, CACHE_MISS, ALIAS, REGISTER_READS,
) = range(34)  # fmt: skip

NAMES = (
    "start",
    "pipeline depth",
    "fetch bandwidth",
    "length-changing prefix",
    "decode width",
    "first decoder",
    "microcode sequencer",
    "uop cache",
    "front end restart",
    "queue full",
    "issue width",
    "memory issue",
    "rob full",
    "scheduler full",
    "load buffer full",
    "store buffer full",
    "registers",
    "serialising",
    "store drain",
    "dependency",
    "port",
    "divider",
    "execute latency",
    "load latency",
    "store forwarding",
    "blocked forwarding",
    "line crossing",
    "microcode latency",
    "retire order",
    "retire width",
    "store commit",
    "cache miss",
    "4K aliasing",
    "register reads",
)  # fmt: skip
