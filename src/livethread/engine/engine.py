"""What every loop works with."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from livethread.clock import Clock
from livethread.engine.limits import Limits
from livethread.ids import Ids
from livethread.live.drafts import FileDrafts
from livethread.live.log import ThreadLog
from livethread.providers.registry import Registry
from livethread.providers.tokens import Tokenizers
from livethread.storage.database import Database


@dataclass(frozen=True, slots=True)
class Engine:
    """The rooms below, and the limits.

    Args:
        jitter: draws from 0 to 1, so that runs that failed together do not come back together.
    """

    database: Database
    log: ThreadLog
    drafts: FileDrafts
    registry: Registry
    ids: Ids
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    tokenizers: Tokenizers = field(default_factory=Tokenizers)
    jitter: Callable[[], float] = random.random
