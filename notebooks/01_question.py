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
# # The question, and its answer
#
# August 2014: should the system-call entry fill every slot of `struct pt_regs`, so that
# the slow paths need no FIXUP_TOP_OF_STACK and RESTORE_TOP_OF_STACK? One said it would
# cost "considerably fewer than ten cycles on any modern chip".
#
# Most likely: where it was measured, on Golden Cove, Zen 4 and Zen 5, a system call pays
# 1.6 to 3.5 cycles more. The first cell says what the model adds to that, and how sure
# it is.

# %%
import costmodel as cm
from costmodel import data
from costmodel.views import plots

answered = cm.study("top-of-stack", draws=24, answer=True)
print(answered.text())

# %% [markdown]
# Every core, by descent, with what was measured. A full dot is a figure that no draw of
# the core's uncertain figures moves, a grey one moves, a hollow one by more than itself.

# %%
plots.answers_plot(answered.outcome, "fast-roundtrip")

# %% [markdown]
# The rest of this notebook takes the answer apart. All figures are modelled, and made
# when it is run.

# %%
stubs = data.stubs_dir() / "top-of-stack"
before = cm.load_path(stubs / "v3.16-fast.S")
after = cm.load_path(stubs / "every-slot-mov.S")

# %% [markdown]
# ## What the code leaves behind
# The slots that the old fast path leaves unset, and the new one.

# %%
frame = cm.estimate(before, "skylake").frame("slots")
frame[~frame.written][["slot", "line"]]

# %%
frame = cm.estimate(after, "skylake").frame("slots")
frame[~frame.written][["slot", "line"]]

# %% [markdown]
# ## How sure
# Figures of a core that nobody has measured are drawn from their intervals, with the
# same draws for both sides. What stays is the interval of the difference.

# %%
cores = ["nehalem", "sandybridge", "skylake", "zen2", "zen5"]
some = cm.compare(before, after, cores, draws=24)
some.frame().round(1)

# %% [markdown]
# ## Why
# Causes add up to the difference exactly.

# %%
skylake = some[2]
causes = skylake.frame("causes")
assert abs(causes.cycles.sum() - skylake.delta) < 1e-9
causes[["cause", "cycles"]].round(2)

# %%
plots.causes_plot(skylake)

# %% [markdown]
# ## Do the added stores combine?
# They lie in lines of the frame that are written anyway: the same lines, a few more
# stores, and `commits` says how often a line is written.

# %%
columns = ["line", "stores", "commits"]
skylake.before.frame("lines")[columns].merge(
    skylake.after.frame("lines")[columns],
    on="line", suffixes=(" before", " after"),
)

# %% [markdown]
# ## What the slow paths are spared
# fork, as a whole system call, with the dance and without it.

# %%
dance = cm.compare(
    stubs / "v3.16-fork-syscall-nodance.S", stubs / "v3.16-fork-syscall.S", cores
)
dance.frame()[["uarch", "before", "after", "delta"]].round(1)

# %% [markdown]
# At which share of slow calls is filling early repaid?

# %%
plots.break_even_plot(
    added={d.after.uarch: d.delta for d in some},
    saved={d.after.uarch: d.delta for d in dance},
)

# %% [markdown]
# ## For a cover letter
# The whole study, with its intervals and the thread's statements:
# `costmodel study top-of-stack`. One core's difference, as text:

# %%
print(skylake.text())
