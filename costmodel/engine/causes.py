"""Why a cycle was spent: the vocabulary of every breakdown.

The engine records one cause for each event it times; the number is the index here.
"""

from __future__ import annotations

(
    START, PIPELINE, FETCH, PREDECODE, LENGTH_PREFIX, DECODE, DECODE_FIRST, MICROCODE,
    UOP_CACHE, FRONT_SWITCH, BRANCH, REDIRECT, QUEUE_FULL, ISSUE_WIDTH, ISSUE_MEMORY,
    ROB_FULL, SCHEDULER_FULL, LOAD_BUFFER, STORE_BUFFER, REGISTERS, SERIALISE, DRAIN,
    INPUT, ADDRESS, PORT, DIVIDER, EXECUTE, LOAD, FORWARD, FORWARD_BLOCKED, SPLIT,
    LATENCY, RETIRE_ORDER, RETIRE_WIDTH, COMMIT, CACHE_MISS, STORE_DATA, ALIAS,
    REGISTER_READS,
) = range(39)  # fmt: skip

NAMES = (
    "start",
    "pipeline depth",
    "fetch bandwidth",
    "predecode",
    "length-changing prefix",
    "decode width",
    "first decoder",
    "microcode sequencer",
    "uop cache",
    "front end switch",
    "taken branch",
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
    "address",
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
    "store data",
    "4K aliasing",
    "register reads",
)  # fmt: skip
