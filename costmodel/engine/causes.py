"""Why a cycle was spent: the vocabulary of every breakdown.

The simulator records one cause for each event it times; the number is the index here.
"""

from __future__ import annotations

_CAUSES = {
    "START": "start",
    "PIPELINE": "pipeline depth",
    "FETCH": "fetch bandwidth",
    "LENGTH_PREFIX": "length-changing prefix",
    "DECODE": "decode width",
    "DECODE_FIRST": "first decoder",
    "MICROCODE": "microcode sequencer",
    "UOP_CACHE": "uop cache",
    "REDIRECT": "front end restart",
    "QUEUE_FULL": "queue full",
    "ISSUE_WIDTH": "issue width",
    "ISSUE_MEMORY": "memory issue",
    "ROB_FULL": "rob full",
    "SCHEDULER_FULL": "scheduler full",
    "LOAD_BUFFER": "load buffer full",
    "STORE_BUFFER": "store buffer full",
    "REGISTERS": "registers",
    "SERIALISE": "serialising",
    "DRAIN": "store drain",
    "INPUT": "dependency",
    "PORT": "port",
    "DIVIDER": "divider",
    "EXECUTE": "execute latency",
    "LOAD": "load latency",
    "FORWARD": "store forwarding",
    "FORWARD_BLOCKED": "blocked forwarding",
    "SPLIT": "line crossing",
    "LATENCY": "microcode latency",
    "RETIRE_ORDER": "retire order",
    "RETIRE_WIDTH": "retire width",
    "COMMIT": "store commit",
    "CACHE_MISS": "cache miss",
    "ALIAS": "4K aliasing",
    "REGISTER_READS": "register reads",
}
IDENTIFIERS = tuple(_CAUSES)
NAMES = tuple(_CAUSES.values())
START = IDENTIFIERS.index("START")
PIPELINE = IDENTIFIERS.index("PIPELINE")
