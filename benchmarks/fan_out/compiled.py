"""Programs in C, compiled when they are needed: a load client or a limit in Python would be the bottleneck itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def compiled(source: str, folder: Path) -> Path:
    """The program that a file beside this one is compiled to.

    Args:
        source: its name, such as ``load.c``.
        folder: where the program goes.

    Raises:
        SystemExit: there is no compiler, or it refuses; with a sentence.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise SystemExit(
            "The load client is written in C, and there is no gcc here; install it (Debian: gcc libc6-dev)."
        )
    program = folder / Path(source).stem
    made = subprocess.run([compiler, "-O2", "-o", str(program), str(HERE / source)], capture_output=True, text=True)
    if made.returncode != 0:
        raise SystemExit(f"{compiler} could not compile {source}:\n{made.stderr}")
    return program
