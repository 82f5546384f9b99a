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
# # Adding a core and an instruction
#
# Neither needs Python: a core is a YAML file, an instruction is a row. Python is used
# here only to write the files into a directory that goes away, and to run the command.

# %%
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from costmodel import data

scratch = tempfile.TemporaryDirectory()
home = Path(scratch.name)
for folder in (data.uarch_dir(), data.stubs_dir()):
    shutil.copytree(folder, home / folder.name)


def costmodel(*arguments, stdin="", lines=None):
    """Run the command on the copied data; print (the first lines of) what it prints."""
    package = str(Path(data.__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "costmodel", *arguments],
        cwd=home, input=stdin, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "COSTMODEL_DATA": str(home), "PYTHONPATH": package},
    )  # fmt: skip
    print(*done.stdout.splitlines()[:lines], sep="\n")
    return done.returncode


# %% [markdown]
# ## A core
# A relative and what differs. Where a number comes from is not optional: a guess says
# that it is one, and brings its interval.

# %%
(home / "uarch" / "widelake.yaml").write_text(
    """\
# A Skylake with a wider issue stage and a deeper store buffer.
extends: skylake
title: Wide Lake
year: 2027
sources:
  PAPER: an article about it
rename:
  width: {value: 6, source: "PAPER: figure 2"}
window:
  rob: {value: 320, source: "PAPER: figure 2"}
  store_buffer: {value: 72, low: 60, high: 90, source: assumed}
"""
)
stub = "stubs/top-of-stack/v3.16-fast.S"
status = costmodel("estimate", stub, "-u", "skylake,widelake", "--format", "csv")
assert status == 0

# %% [markdown]
# It is a core like all others. `cores` shows its figures with their sources, `?` where
# one is a guess:

# %%
assert costmodel("cores", "widelake", lines=16) == 0

# %% [markdown]
# What is wrong is refused with file, line, what was found, and what to do:

# %%
broken = home / "uarch" / "broken.yaml"
broken.write_text("extends: skylake\ntitle: Broken\nwindow: {robb: 320}\n")
assert costmodel("estimate", stub, "-u", "broken") == 2
broken.unlink()

# %% [markdown]
# ## An instruction
# WRPKRU is not in the tables. Without a row the model guesses and says so; with
# `--strict` it refuses:

# %%
wrpkru = "31 c9 31 d2 0f 01 ef"  # xor %ecx,%ecx; xor %edx,%edx; wrpkru
assert costmodel("estimate", "-", "-u", "widelake", "--strict", stdin=wrpkru) == 3

# %% [markdown]
# One row says what it is, one cost row says what it takes:

# %%
with (home / "uarch" / "instructions.yaml").open("a") as table:
    table.write("wrpkru: {operation: wrpkru, writes: [msr]}\n")
with (home / "uarch" / "widelake.yaml").open("a") as core:
    core.write(
        """\
costs:
  wrpkru:
    "":
      uops: [alu]
      microcode: 4
      filler: 3
      latency: {value: 23, low: 15, high: 30, source: assumed}
      holds: true
"""
    )
assert costmodel("estimate", "-", "-u", "widelake", "--strict", stdin=wrpkru) == 0

# %%
scratch.cleanup()
