"""What a new run does while another of the thread is active (wire.md, Calls)."""

from __future__ import annotations

from typing import cast, get_args

from livethread.domain.options import ThreadPolicy
from livethread.domain.threads import Thread


def policy_of(thread: Thread, default: ThreadPolicy) -> ThreadPolicy:
    """The thread's own policy, ``metadata.thread_policy``, where it names one; else the default."""
    own = thread.metadata.get("thread_policy")
    return cast(ThreadPolicy, own) if own in get_args(ThreadPolicy) else default
