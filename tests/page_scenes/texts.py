"""What is said in the scenes."""

from __future__ import annotations

MARKDOWN = """\
A **cursor** says what a viewer holds. It has three parts:

1. the `seq` of the last event,
2. the `tag` of that event,
3. the place in each open draft.

```python
from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="any")
for event in client.beta.threads.runs.create(thread_id=thread.id, assistant_id="asst_1", stream=True):
    print(event.event, event.data)  # a rather long comment, so that one sees what the page does with a long line
```

| Cursor | Answer | When |
|---|---|---|
| good | a tail | the log still holds *that* event |
| odd | a snapshot | the tag differs, or the `seq` is unknown |
| malformed | a refusal | it does not parse |

> What stands at a position never changes.

- [x] read the log
- [ ] read [the docs](https://example.com/docs)

日本語も大丈夫です 🎉
"""

PLAIN = " ".join(f"Piece {number} of the answer follows the one before it." for number in range(1, 31))

EVIL = """\
<script>window.hurt = "script"; alert(1)</script>
<img src=x onerror="window.hurt = 'image'; alert(2)">
<iframe src="https://evil.example/frame"></iframe>
<style>body { display: none }</style>

[click me](javascript:alert(3)) [or me](JaVaScRiPt:alert(4)) [or this](data:text/html,<script>alert(5)</script>)

![a giant](https://evil.example/giant.png) <a href="javascript:alert(6)" onclick="alert(7)">and me</a>

![inline](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDgpIiB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSI5OTk5OSIgaGVpZ2h0PSI5OTk5OSIvPg==)

`<script>alert(9)</script>` and the end.
"""
