"""git as a child process: never asks, never waits for ever, never touches the tree."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from costmodel.errors import InputError
from costmodel.tuples import NamedTuple

_SECONDS = 60


class Said(NamedTuple):
    """What git answered: exit status, standard output, the text of its errors."""

    status: int
    data: bytes
    errors: str

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace").strip()

    @property
    def reason(self) -> str:
        """The first line git said of a failure."""
        said = self.errors.splitlines()
        line = said[0] if said else f"git failed ({self.status})"
        return line.removeprefix("fatal: ").removeprefix("error: ")


def run(
    arguments: Sequence[str],
    *,
    directory: str = ".",
    environment: Mapping[str, str] | None = None,
    given: bytes = b"",
) -> Said:
    """Run git in ``directory`` with ``given`` on its stdin. Raises InputError where
    there is no git, or no answer."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            capture_output=True,
            input=given,
            timeout=_SECONDS,
            check=False,
            cwd=directory or ".",
            env={
                **os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0",
                **(environment or {}),
            },
        )  # fmt: skip
    except FileNotFoundError:
        raise InputError(
            "git is not installed",
            expected="git, to read REV:path",
            hint="check the revision out and name the file",
        ) from None
    except OSError as error:
        raise InputError(f"git cannot run in {directory}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise InputError(f"git gave no answer in {_SECONDS} s") from None
    return Said(
        done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip()
    )
