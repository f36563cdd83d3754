"""The other peer: the pass-through with the openai SDK and its typed chunks as the upstream's client.

``python -m benchmarks.token_path.sdk_passthrough PORT UPSTREAM``.
"""

from __future__ import annotations

import sys
from typing import Any

from openai import AsyncOpenAI

from benchmarks.passthrough import PassThrough, delta, serve


class SdkPassThrough(PassThrough):
    """The same answers, read by the SDK.

    Args:
        upstream: the model API's base URL.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        # Its own five seconds for a connection are too short for a core that is saturated.
        self.client = AsyncOpenAI(base_url=upstream, api_key="any", max_retries=0, timeout=None)

    async def stream(self, model: str, send: Any) -> None:
        """Pass an answer on."""
        chunks = await self.client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "go"}], stream=True
        )
        async for chunk in chunks:
            if text := chunk.choices[0].delta.content:
                await send({"type": "http.response.body", "body": delta(text), "more_body": True})


if __name__ == "__main__":
    serve(SdkPassThrough(sys.argv[2]), int(sys.argv[1]))
