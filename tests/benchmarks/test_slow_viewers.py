from __future__ import annotations

import pytest

from benchmarks.slow_viewers.slow import KINDS, Slow, stream
from benchmarks.wire import call
from livethread import testing


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_every_kind_of_slow_viewer_looks_on(kind: Slow) -> None:
    with testing.server() as url:
        thread_id = call(f"{url}/v1/threads", {})["id"]
        fast, slow = stream(url, thread_id), kind.attach(url, thread_id)
        seen = b""
        while b'"viewers":2' not in seen:
            more = fast.recv(65536)
            assert more, seen
            seen += more
        fast.close()
        if slow is not None:
            slow.close()
