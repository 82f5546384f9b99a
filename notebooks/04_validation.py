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
# # Validation on twenty blocks
#
# `zen5-blocks.csv` holds twenty blocks of redis, sqlite and openssl, each picked for a
# mechanism, with cycles measured on an AMD EPYC of family 26, model 2 (Zen 5): medians
# of seven rounds minutes apart, the core's clock recovered in every sample. Each was
# measured in three ways, and each way is a scenario of the model. Twenty blocks picked
# by hand show how it is done, and say nothing of accuracy at large: docs/accuracy.md
# does.

# %%
from pathlib import Path

import pandas as pd

import costmodel as cm
from costmodel.studies.validate import read_blocks, validate
from costmodel.views import plots

places = ("zen5-blocks.csv", "notebooks/zen5-blocks.csv")  # here, or from above
blocks = next(Path(place) for place in places if Path(place).exists())
SCENARIOS = ["unroll", "opcache", "loop"]

# %% [markdown]
# ## Predict
# The same core, three surroundings.

# %%
outcomes = {
    name: validate(
        str(blocks), read_blocks(str(blocks), column=name, scenario=name),
        cm.load_core("zen5"),
    )
    for name in SCENARIOS
}  # fmt: skip
pd.DataFrame(
    {name: [o.mape, o.median_ape, o.kendall_tau] for name, o in outcomes.items()},
    index=["mean error, %", "median error, %", "Kendall tau"],
).T.round(2)

# %%
plots.predicted_plot(outcomes["unroll"])

# %% [markdown]
# ## Block by block

# %%
table = pd.read_csv(blocks)
for name, outcome in outcomes.items():
    assert [b.code.hex() for b in outcome.blocks] == list(table.hex)
    table[f"{name}, model"] = outcome.predicted
columns = [column for name in SCENARIOS for column in (name, f"{name}, model")]
table[["shows", *columns]].round(2)

# %%
plots.predicted_plot(outcomes["opcache"])

# %% [markdown]
# ## Where it is off
# The rows off by more than 0.3 cycle:

# %%
for name in SCENARIOS:
    table[f"{name}, off"] = table[f"{name}, model"] - table[name]
off = table[[f"{name}, off" for name in SCENARIOS]].abs().max(axis=1)
table[off > 0.3][["asm", *(f"{name}, off" for name in SCENARIOS)]].round(2)

# %% [markdown]
# ## A block of your own
# Any file of `hex` and `cycles` can be held against any core:
# `costmodel validate FILE.csv --uarch zen5 --scenario unroll --plot OUT.svg`.
# What one block spends its cycles on:

# %%
worst = table.loc[off.idxmax()]
cm.estimate(
    cm.load_path("-", stdin=worst.hex.encode()), "zen5", scenario="unroll"
).frame("causes")[["cause", "cycles"]].round(2)
