"""Functions of yours, called by a model: several at once, in several rounds.

Beside a running server: python examples/python/function_calling.py"""

import json
import os
import warnings

from openai import OpenAI

warnings.simplefilter("ignore", DeprecationWarning)  # the SDK says so of every call of this API
url = os.environ.get("LIVETHREAD_URL", "http://127.0.0.1:8000")
client = OpenAI(base_url=f"{url}/v1", api_key="any")


def get_weather(city):
    return {"Bergen": "rain, 9 degrees", "Oslo": "sun, 14 degrees"}.get(city, "nobody knows")


def book_cabin(city, guests):
    return f"cabin 7 in {city}, with a stove and {guests} beds"


def function(name, description, **properties):
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


FUNCTIONS = {"get_weather": get_weather, "book_cabin": book_cabin}
TOOLS = [
    function("get_weather", "The weather in a city", city={"type": "string"}),
    function("book_cabin", "Books a cabin", city={"type": "string"}, guests={"type": "integer"}),
]
question = "What is the weather in Oslo and in Bergen? Then book a cabin in Bergen for 2 guests."
assistant = client.beta.assistants.create(model="builtin/tools", name="Toolbox", tools=TOOLS)
thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
print(f"You: {question}")

stream = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True)
while stream:
    outputs = []
    for event in stream:
        if event.event == "thread.message.created":
            print("\nToolbox: ", end="")
        elif event.event == "thread.message.delta":
            print(event.data.delta.content[0].text.value, end="", flush=True)
        elif event.event == "thread.message.completed":
            print()
        elif event.event == "thread.run.requires_action":
            run = event.data
            for call in run.required_action.submit_tool_outputs.tool_calls:
                output = FUNCTIONS[call.function.name](**json.loads(call.function.arguments))
                print(f"  {call.function.name}({call.function.arguments}) -> {output}")
                outputs.append({"tool_call_id": call.id, "output": output})
        elif event.event in ("thread.run.failed", "thread.run.expired", "thread.run.cancelled"):
            raise SystemExit(f"The run has {event.data.status}: {event.data.last_error}")
    stream = outputs and client.beta.threads.runs.submit_tool_outputs(
        run.id, thread_id=thread.id, tool_outputs=outputs, stream=True
    )
