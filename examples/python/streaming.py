"""An answer, word by word as it is written. Beside a running server: python examples/python/streaming.py"""

import os
import warnings

from openai import OpenAI

warnings.simplefilter("ignore", DeprecationWarning)  # the SDK says so of every call of this API
url = os.environ.get("LIVETHREAD_URL", "http://127.0.0.1:8000")
client = OpenAI(base_url=f"{url}/v1", api_key="any")

question = "How do I watch a thread live?"
assistant = client.beta.assistants.create(model="builtin/guide", name="Guide")
thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
print(f"You: {question}\n\nGuide: ", end="", flush=True)

with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
    for text in stream.text_deltas:
        print(text, end="", flush=True)
    run = stream.get_final_run()
if run.status != "completed":
    raise SystemExit(f"\nThe run has {run.status}: {run.last_error.message if run.last_error else 'no reason given'}")

print(f"\n\nAnybody can watch this very thread:\n  curl -N {url}/v1/threads/{thread.id}/events")
