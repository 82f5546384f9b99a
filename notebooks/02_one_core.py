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
# # One core dissected
#
# What one path costs on Skylake and where the cycles go; then what the model knows of the
# core, and how it knows it.

# %%
import pandas as pd

import costmodel as cm
from costmodel import data
from costmodel.studies.sensitivity import effects
from costmodel.studies.uncertainty import Task
from costmodel.views import plots, timeplots

core = cm.load_core("skylake")
path = cm.load_path(data.stubs_dir() / "top-of-stack" / "v3.16-fast.S")
estimate = cm.estimate(path, "skylake")
assert abs(sum(estimate.breakdown().values()) - estimate.cycles) < 1e-9
estimate

# %%
timeplots.timeline_plot(estimate)

# %% [markdown]
# ## Its figures
# Every number has a source and an interval; `costmodel cores skylake` prints the same.

# %%
figures = pd.DataFrame(
    [
        (name, known.value, known.low, known.high, known.source_id, known.assumed)
        for name, known in core.evidence.items()
    ],
    columns=["figure", "value", "low", "high", "source", "assumed"],
)
figures[figures.figure.str.startswith("window.")]

# %% [markdown]
# What rests on which source, and how much of it is guessed:

# %%
figures.groupby("source").agg(
    figures=("figure", "size"), assumed=("assumed", "sum")
).sort_values("figures", ascending=False)

# %%
figures[figures.assumed & ~figures.figure.str.startswith("costs.")]

# %% [markdown]
# ## One path on it
# A system-call round trip. The causes add up to its cycles exactly.

# %%
estimate.frame("causes")[["cause", "cycles"]].round(2)

# %% [markdown]
# The instructions that pay most:

# %%
charges = estimate.frame("charges")
charges.groupby(["step", "instruction"], sort=False).cycles.sum().nlargest(8).round(2)

# %% [markdown]
# Guesses that took part; each is marked `?` wherever the model prints it.

# %%
pd.DataFrame(estimate.guesses)[["what", "value", "low", "high"]]

# %% [markdown]
# ## Where it runs

# %%
estimate.frame("ports")[["port", "uops"]]

# %%
estimate.frame("lines")[["line", "loads", "stores", "commits"]]

# %%
timeplots.store_buffer_plot(estimate)

# %% [markdown]
# ## What if
# Each limit of the core taken away, alone: the cycles it costs this path.

# %%
reliefs = cm.what_if(path, "skylake")
pd.DataFrame(
    [(r.limit, r.instead, float(r.worth)) for r in reliefs if r.worth],
    columns=["limit", "instead", "worth"],
).round(2)

# %% [markdown]
# The same path with a smaller store buffer: from how many entries on is it enough?

# %%
points = cm.sweep(path, "skylake", "window.store_buffer=4:32:8").frame()
points[["value", "cycles"]]

# %% [markdown]
# ## What the answer is sensitive to
# Of a change, each unsure figure moved alone to both ends of its interval.

# %%
new = cm.load_path(data.stubs_dir() / "top-of-stack" / "every-slot-mov.S")
tasks = [Task(p, "skylake", "once", draws=16) for p in (path, new)]
change = cm.compare(path, new, "skylake", scenario="once")
plots.tornado_plot(effects(*tasks), change.delta, "every slot by MOV, one pass")

# %% [markdown]
# ## What ran
# Samples of perf's branch records, and the same stretches modelled. Those that ship are
# written by hand and their cycles are made up: they show the form. Give it your own.

# %%
ran = cm.load_path(data.stubs_dir() / "lbr" / "getppid.txt")
cm.estimate(ran, "skylake")
