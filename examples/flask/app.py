"""A Flask app that streams the answers of a model to the browser, as server-sent events."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import openai
from flask import Flask, Response, abort, jsonify, request, send_from_directory

from livethread import sse

PAGES = Path(__file__).parent / "pages"
REACT = Path(__file__).parent / "react" / "dist"
MODEL = os.environ.get("MODEL", "builtin/guide")
LONGEST_QUESTION = 4000

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
client = openai.OpenAI(
    base_url=os.environ.get("LIVETHREAD_URL", "http://127.0.0.1:8000").rstrip("/") + "/v1",
    api_key=os.environ.get("LIVETHREAD_API_KEY", "any"),
    max_retries=1,
)
answers = sse.Answers()


@app.post("/ask")
def ask() -> Response:
    """The answer itself, streamed: for `fetch`. It ends when the reader goes away."""
    return streamed(sse.stream(answer_to(question())))


@app.post("/answers")
def start_answer() -> tuple[Response, int]:
    """Start an answer that goes on whoever watches it: for `EventSource`, which can only GET."""
    answer = answers.start(answer_to(question()))
    return jsonify(id=answer.id), 201


@app.get("/answers/<id>")
def watch_answer(id: str) -> Response:
    """Watch it, from the position in `Last-Event-ID` on; a GET asks the model nothing."""
    answer = answers.get(id)
    if answer is None:
        abort(404, "There is no such answer here, or not any more. Please ask again.")
    reader = answer.read(request.headers.get("Last-Event-ID"))
    if reader.over:
        return Response(status=204)  # tells an EventSource not to come back
    return streamed(sse.stream(reader))


def question() -> str:
    """What is asked. A page of another site cannot send JSON without being permitted, so it cannot ask here."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        abort(400, 'Send JSON with a question, such as {"question": "What is a thread?"}.')
    text = body.get("question")
    if not isinstance(text, str) or not text.strip():
        abort(400, "Write a question first.")
    if len(text) > LONGEST_QUESTION:
        abort(400, f"A question may have up to {LONGEST_QUESTION} characters, and this one has {len(text)}.")
    return text


def answer_to(text: str) -> Any:
    """The deltas of the answer. Before the first of them a failure still has a status of its own."""
    messages: Any = [{"role": "user", "content": text}]
    try:
        return sse.text(client.chat.completions.create(model=MODEL, messages=messages, stream=True))
    except openai.APIConnectionError:
        abort(502, "The model cannot be reached. Please ask again in a moment.")
    except openai.APIError:
        app.logger.exception("the model refused to answer")
        abort(502, "The model refused to answer. Please ask again in a moment.")


def streamed(events: Any) -> Response:
    return Response(events, headers=sse.HEADERS)


@app.errorhandler(sse.Failure)
def refused(failure: sse.Failure) -> tuple[Response, int]:
    return jsonify(error=str(failure)), 503


@app.errorhandler(400)
@app.errorhandler(404)
@app.errorhandler(413)
@app.errorhandler(502)
def explained(error: Any) -> tuple[Response, int]:
    return jsonify(error=error.description), error.code


@app.get("/", defaults={"page": "index.html"})
@app.get("/<path:page>")
def show(page: str) -> Response:
    return send_from_directory(PAGES, page)


@app.get("/react/", defaults={"file": "index.html"})
@app.get("/react/<path:file>")
def show_react(file: str) -> Response:
    if not REACT.exists():
        abort(404, "The page in React is not built yet: cd react && npm install && npm run build")
    return send_from_directory(REACT, file)


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5050")))
