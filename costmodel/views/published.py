"""What others published of their error on the same kind of blocks, for the page."""

from __future__ import annotations

from costmodel.views.layout import wrap
from costmodel.views.render.markdown import pipe_table

# Of eval.tex, repository andreas-abel/uiCA-eval at 0941f8cc2b1d: mean error in percent
# and Kendall's tau of uiCA, unrolled and looped, of llvm-mca 10, looped, and of the
# cycles BHive published.
_FIGURES = (
    ("Rocket Lake", 0.49, 0.9835, 0.92, 0.9755, None, None, None, None),
    ("Tiger Lake", 0.97, 0.9769, 0.98, 0.9731, 13.80, 0.8486, None, None),
    ("Ice Lake", 1.00, 0.9771, 0.77, 0.9759, 13.64, 0.8512, None, None),
    ("Cascade Lake", 0.45, 0.9713, 0.65, 0.9825, 13.21, 0.8060, None, None),
    ("Skylake", 0.45, 0.9798, 0.38, 0.9895, 12.01, 0.8015, 4.40, 0.9113),
    ("Broadwell", 1.08, 0.9805, 0.60, 0.9841, 16.71, 0.8286, None, None),
    ("Haswell", 0.76, 0.9850, 0.59, 0.9842, 18.97, 0.8259, 2.49, 0.9379),
    ("Ivy Bridge", 1.50, 0.9609, 1.11, 0.9495, 20.76, 0.8154, 2.53, 0.9139),
    ("Sandy Bridge", 1.91, 0.9613, 0.98, 0.9650, 18.34, 0.8455, None, None),
)


def published() -> str:
    """The section: core by core, mean error and rank correlation."""
    text = wrap(
        "What uiCA's authors published of clean blocks measured by themselves "
        "(repository andreas-abel/uiCA-eval, eval.tex at 0941f8cc2b1d). Their blocks "
        "hold vector code too and their cycles are not ours, so the columns do not "
        "compare row by row with the tables here; the last two say how far BHive's "
        "published cycles, which the sets here use, are from theirs.",
        width=88,
    )
    rows: list[tuple[str, ...]] = [
        ("core", "uiCA, unrolled", "tau", "uiCA, loops", "tau",
         "llvm-mca 10, loops", "tau", "BHive's cycles, unrolled", "tau")
    ]  # fmt: skip
    for name, *figures in _FIGURES:
        rows.append(
            (name, *(_one(f, k % 2 == 1) for k, f in enumerate(figures)))  # tau odd
        )
    head, *body = rows
    table = pipe_table(head, body, [k > 0 for k in range(len(head))])
    return f"\n## Beside published figures\n\n{text}\n\n{table}\n"


def _one(figure: float | None, tau: bool) -> str:
    if figure is None:
        return "-"
    return f"{figure:.4f}" if tau else f"{figure:.2f} %"
