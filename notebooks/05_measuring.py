# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The CPU under your hands
#
# What the model claims can be checked where you are: in user mode, without counters,
# beside busy neighbours. This notebook executes code on your CPU. On a machine that
# cannot measure (another architecture, no program built) the tables stay empty and say
# why.

# %%
import pandas as pd

import costmodel as cm
from costmodel.errors import CostmodelError
from costmodel.measure.calibrate import calibrate, forms
from costmodel.measure.paired import paired
from costmodel.measure.run import Settings, machine, measure

cpu = machine()
core = cpu.uarch or "zen4"  # a core to stand beside, if no file describes this CPU
print(cpu.label, "-", cpu.name)

# %% [markdown]
# ## Known answers
# A dependent addition takes one cycle, a multiplication three. If these are off, nothing
# below is worth reading.

# %%
CHAINS = {"add": ("4801d8", 1), "imul": ("0fafc0", 3), "imul, add": ("0fafc001d8", 4)}
SCENARIOS = ["unroll", "opcache", "loop"]


def path(code):
    return cm.load_path("-", stdin=code.encode())


def cycles_of(code, scenario):
    """Measured cycles; what went wrong instead, if anything did."""
    try:
        (found,) = measure([path(code)], Settings(scenario=scenario, rounds=5))
    except CostmodelError as error:
        return str(error)
    return found.figure.cycles if found.status == "ok" else found.status


pd.DataFrame(
    [
        (name, known, *(cycles_of(code, scenario) for scenario in SCENARIOS))
        for name, (code, known) in CHAINS.items()
    ],
    columns=["chain", "must be", *SCENARIOS],
).round(2)

# %% [markdown]
# ## A few instructions against the core file
# `costmodel calibrate` does this for ninety forms and the windows too.

# %%
WANTED = ("load (r)", "forwarding, same base", "lfence", "mfence", "rdtsc", "push r64")


def table():
    try:
        found = calibrate(
            core, Settings(rounds=4, pause=0.0), windows=False,
            chosen=[form for form in forms() if form.name in WANTED],
        )  # fmt: skip
    except CostmodelError as error:
        return pd.DataFrame([str(error)], columns=["cannot measure"])
    return pd.DataFrame(
        [(o.form.name, o.form.kind, o.cycles, o.modelled, o.agrees) for o in found.lines],
        columns=["form", "kind", "measured", core, "agrees"],
    ).round(2)


table()

# %% [markdown]
# ## The question, measured
# Every slot of `pt_regs` at entry against the frame of 3.16: timed alternately, in four
# settings, beside controls. Privileged instructions are left out, and a real system call
# that fails stands for the handler.

# %%
stubs = cm.data.stubs_dir() / "top-of-stack"
before, after = (cm.load_path(stubs / f"{n}.S") for n in ("v3.16-fast", "every-slot-mov"))


def difference():
    try:
        found = paired(before, after, Settings(rounds=8, pause=0.0), frame=True)
    except CostmodelError as error:
        return pd.DataFrame([str(error)], columns=["cannot measure"])
    return pd.DataFrame(
        [
            (p.setting, p.delta.cycles, p.delta.low, p.delta.high, p.before, p.floor)
            for p in found
        ],
        columns=["setting", "delta", "low", "high", "before", "controls"],
    ).round(2)


difference()

# %% [markdown]
# ## The model beside it

# %%
cm.compare(before, after, core, draws=32)
