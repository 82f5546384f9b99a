"""The paths a study names, read: one for all cores, or one on each.

What the kernel finds when it boots patches its code, and ``features: default`` means
another set on each core; the path is then another one too.
"""

from __future__ import annotations

from pathlib import Path as File
from typing import TYPE_CHECKING

from costmodel.code.features import depends_on_core
from costmodel.code.insn import Path
from costmodel.code.takes import refuse_unused
from costmodel.sources import PathOptions, image_of, on_cores

if TYPE_CHECKING:
    from costmodel.code.image import Image
    from costmodel.studies.studyfile import Study


class ByCore:
    """A path that differs by core; made when a core asks for it."""

    def __init__(self, image: Image, options: PathOptions) -> None:
        self._image = image
        self._options = options
        self._found: dict[str, Path] = {}

    def on(self, core: str) -> Path:
        """The path on a core. Raises InputError or UsageError."""
        if core not in self._found:
            (path,) = on_cores(self._image, [core], self._options)
            refuse_unused([path])
            self._found[core] = path
        return self._found[core]


Found = Path | ByCore


def path_on(found: Found, core: str) -> Path:
    """The path of a study on one core."""
    return found.on(core) if isinstance(found, ByCore) else found


def paths_of(study: Study, folder: File) -> dict[str, Found]:
    """Each path of a study, read from beside its file. Raises InputError."""
    found: dict[str, Found] = {}
    for name, source in study.paths.items():
        features = study.features.get(name)
        options: PathOptions = {
            "symbol": study.symbols.get(name),
            "take": study.take.get(name, ()),
            "into": study.into.get(name, ()),
            "region": study.regions.get(name),
            "given": study.given.get(name, ()),
            "features": features,
        }
        image = image_of(str(folder / source), None, None, options)
        by_core = ByCore(image, options)
        # The path itself where it is the same on all cores.
        found[name] = by_core if depends_on_core(features, None) else by_core.on("")
    return found
