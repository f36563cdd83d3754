"""Which processor core is whose: the measured server has one to itself, everything else shares another."""

from __future__ import annotations

import os


def divide() -> int | None:
    """Move this process, and those that it starts from now on, off a core.

    Returns:
        The core that is left to the measured server; None where there is only one, and all share it.
    """
    if not hasattr(os, "sched_setaffinity") or len(cores := sorted(os.sched_getaffinity(0))) < 2:
        return None
    os.sched_setaffinity(0, cores[1:])
    return cores[0]
