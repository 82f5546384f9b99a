"""What became of code that could not be measured, in words."""

from __future__ import annotations

import errno
import os
import signal
from typing import NamedTuple

from costmodel.measure import places
from costmodel.measure.bodies import Body
from costmodel.measure.forbidden import place_of
from costmodel.measure.native import Report
from costmodel.measure.plans import Plan

_GENERAL_PROTECTION = 128  # SI_KERNEL: the fault has no address
_EXIT_GROUP, _EXIT = 231, 60


class Failure(NamedTuple):
    """``word`` is the status in JSON; ``says`` the sentence, ``hint`` what to do."""

    word: str
    says: str
    hint: str = ""


def failure(report: Report, body: Body, plan: Plan) -> Failure:
    """Why a job gave no samples."""
    at = _place(report, body, plan)
    status = report.status
    if status == "signal":
        return _signal(report, body, plan, at)
    if status == "system call":
        ends = report.address in (_EXIT, _EXIT_GROUP)
        what = "ends the process" if ends else "enters the kernel"
        return Failure(
            "system call",
            f"{what} by system call {report.address}{at}",
            "--frame puts a real failing system call in the handler's place",
        )
    if status == "endless":
        return Failure("endless", "does not end", "measure a path that ends")
    if status == "too many pages":
        return Failure("too many pages", "touches more than 256 pages of memory")
    if status == "unsteady":
        return Failure("unsteady", "touches other memory in every run")
    if status == "writes its own code":
        return Failure("writes its own code", f"writes to its own code{at}")
    if status == "vanished":
        name = _name(report.signal) if report.signal else "without a signal"
        return Failure("vanished", f"ended the process that ran it ({name})")
    if status == "environment":
        return _environment(report)
    if status == "harness fault":
        return Failure(
            "no counter",
            "the time-stamp counter cannot be read here, or the code damaged what"
            " measures it",
            "RDTSC may be switched off (prctl PR_SET_TSC, a sandbox)",
        )
    return Failure(status, f"the measuring program says: {status}")


def _signal(report: Report, body: Body, plan: Plan, at: str) -> Failure:
    number = report.signal
    if number == signal.SIGTRAP:
        for emitted in plan.emitted:
            for address, step in emitted.traps:
                if report.ip == address + 1:
                    jump = place_of(body.path.steps[step].insn)
                    return Failure(
                        "other way",
                        f"{jump} is taken here, and the path says it is not",
                        "registers and memory have other values than in a kernel",
                    )
        return Failure("breakpoint", f"raises a breakpoint or a trap{at}")
    if number == signal.SIGILL:
        return Failure("invalid opcode", f"raises invalid opcode{at}")
    if number == signal.SIGFPE:
        return Failure("divide error", f"raises a divide error{at}")
    if number == signal.SIGBUS:
        return Failure("bus error", f"raises a bus error{at}")
    if number == signal.SIGSEGV and report.signal_code == _GENERAL_PROTECTION:
        return Failure(
            "protection",
            f"raises a general protection fault{at}: privileged, or an address that is"
            " not canonical",
        )
    if number == signal.SIGSEGV:
        what = "jumps" if report.ip == report.address else "goes"
        return Failure("fault", f"{what} to {report.address:#x}, not to be mapped{at}")
    return Failure("signal", f"ends with {_name(number)}{at}")


def _environment(report: Report) -> Failure:
    said = os.strerror(report.signal)
    hint = ""
    if report.call == "seccomp":
        hint = "the kernel or a sandbox forbids a filter of system calls"
    elif report.call == "mmap" and report.signal == errno.EEXIST:
        hint = "addresses below 2 GiB are taken"
    return Failure("environment", f"{report.call} failed here: {said}", hint)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _place(report: Report, body: Body, plan: Plan) -> str:
    """`` at INSTRUCTION (file:line)`` of the address that failed, if it is of ours."""
    if not places.CODE <= report.ip < places.CODE + places.CODE_MOST:
        return ""
    emitted = plan.emitted[min(report.program, len(plan.emitted) - 1)]
    found = -1
    for address, step in emitted.steps:
        # A trap is reported behind the instruction that raised it, a fault on it.
        late = report.signal in (signal.SIGTRAP, signal.SIGSYS)
        if address < report.ip if late else address <= report.ip:
            found = step
        else:
            break
    if found < 0:
        return ""
    return f" at {place_of(body.path.steps[found].insn)}"
