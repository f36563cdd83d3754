"""What a model API refuses, and what a person is told to do about it; most of the words are those of real engines."""

from __future__ import annotations

from typing import Any

import pytest

from livethread.providers.chunks import ImagePart, PromptMessage, ProviderError, Request, TextPart
from tests.providers.turns import ASK, KEY, TOOL, ask, failed, provider, sent
from tests.providers.upstream import OPEN, Upstream, delta, event, plain

PIXEL = "data:image/png;base64,iVBORw0KGgo="
SEE = ask(messages=(PromptMessage("user", (TextPart("See"), ImagePart(PIXEL))),))
SCHEMA = ask(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {}}})
TOOLS = ask(tools=(TOOL,))

CHOOSE = "Choose a model that takes images, or set images = false"
WHOLE = "Set stream = false for this upstream in livethread.toml"
SIMPLIFY = "Simplify the schema in response_format"
CALLING = "Check the functions; if the model cannot call any"
SETTINGS = "Check the settings and tools"


async def refused(status: str, said: str, request: Request = ASK, **fields: Any) -> ProviderError:
    """How a turn fails that is refused in the dialect's words, before anything was said."""
    settings = {"stream": fields.pop("stream", True)}
    body = {"error": {"message": said, **fields}}
    chunks, error = await failed(plain(status, body), request=request, **settings)
    assert (chunks, error.partial, said in error.message) == ([], False, True)
    return error


# ---------------------------------------------------------------------------------------------------- images


@pytest.mark.parametrize("images", [None, True])
async def test_an_image_is_sent_where_nobody_says_that_none_are_taken(images: bool | None) -> None:
    assert (await sent(SEE, images=images))["messages"][0]["content"][1] == {
        "type": "image_url",
        "image_url": {"url": PIXEL},
    }


async def test_where_no_images_are_taken_nothing_is_sent() -> None:
    async with Upstream([[OPEN, delta("stop")]]) as upstream:
        model = provider(upstream.url, images=False)
        with pytest.raises(ProviderError) as raised:
            await anext(model.stream(SEE))
        assert upstream.asked == []
        await model.close()
    error = raised.value
    assert (error.kind, error.retryable, error.partial) == ("bad_request", False, False)
    assert error.message == (
        "The model 'm' takes no images (images = false in livethread.toml), and this conversation has one. Ask in "
        "one without images, or choose a model that takes them."
    )


async def test_an_image_in_a_message_that_is_no_person_s_is_told_in_words_and_breaks_nothing() -> None:
    picture = PromptMessage("assistant", (TextPart("Here: "), ImagePart(PIXEL)))
    request = ask(messages=(picture, PromptMessage("assistant", (ImagePart(PIXEL),)), PromptMessage("user", ())))
    assert (await sent(request, images=False))["messages"] == [
        {"role": "assistant", "content": "Here: [image]"},
        {"role": "assistant", "content": "[image]"},
        {"role": "user", "content": ""},
    ]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("400 Bad Request", "Invalid content type. image_url is only supported by certain models."),
        ("400 Bad Request", "Qwen/Qwen2.5-7B-Instruct is not a multimodal model"),
        ("404 Not Found", "No endpoints found that support image input"),
        ("500 Oops", "image input is not supported - hint: you may need to provide the mmproj"),
        ("500 Oops", "this model is missing data required for image input"),
    ],
)
async def test_a_model_that_takes_no_images_is_told_from_one_that_fails(status: str, said: str) -> None:
    error = await refused(status, said, SEE)
    assert (error.kind, error.retryable) == ("bad_request", False)
    assert CHOOSE in error.message


async def test_images_are_not_spoken_of_where_there_are_none() -> None:
    error = await refused("400 Bad Request", "image_url is not supported")
    assert CHOOSE not in error.message
    assert SETTINGS in error.message


# ---------------------------------------------------------------------------------------- streams, schemas, tools


@pytest.mark.parametrize(
    ("status", "said", "param"),
    [
        ("400 Bad Request", "Streaming is not supported by this model", None),
        ("400 Bad Request", "Your organization must be verified to stream this model.", "stream"),
        ("400 Bad Request", "Unrecognized request argument supplied", "stream_options"),
        ("422 Unprocessable", "stream: unsupported value", None),
        ("501 Not Implemented", "stream=true is not yet implemented", None),
        ("500 Oops", "Automatic streaming tool choice is not supported", None),
    ],
)
async def test_an_upstream_that_cannot_stream_is_told_how_to_do_without(
    status: str, said: str, param: str | None
) -> None:
    error = await refused(status, said, param=param)
    assert (error.kind, error.retryable) == ("bad_request", False)
    assert WHOLE in error.message
    assert WHOLE not in (await refused(status, said, param=param, stream=False)).message


@pytest.mark.parametrize("said", ["upstream stream was closed: invalid state", "the stream ended too early"])
async def test_a_failure_that_speaks_of_streams_is_no_refusal_to_stream(said: str) -> None:
    error = await refused("500 Oops", said)
    assert (error.kind, error.retryable, WHOLE in error.message) == ("upstream", True, False)


@pytest.mark.parametrize(
    ("status", "said", "param"),
    [
        ("400 Bad Request", "Invalid schema: schema must be a JSON Schema of 'type: \"object\"'", "response_format"),
        ("400 Bad Request", "failed to parse grammar", None),
        ("500 Oops", "[{'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be 'json_object'\"}]", None),
    ],
)
async def test_a_schema_that_is_refused_is_told_with_the_upstream_s_own_words(
    status: str, said: str, param: str | None
) -> None:
    error = await refused(status, said, SCHEMA, param=param)
    assert (error.kind, error.retryable) == ("bad_request", False)
    assert SIMPLIFY in error.message


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("400 Bad Request", "registry.ollama.ai/library/gemma:latest does not support tools"),
        ("400 Bad Request", '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
        ("404 Not Found", "No endpoints found that support tool use."),
        ("500 Oops", "tools param requires --jinja flag"),
    ],
)
async def test_a_model_that_calls_no_tools_is_told_from_one_that_fails(status: str, said: str) -> None:
    error = await refused(status, said, TOOLS)
    assert (error.kind, error.retryable) == ("bad_request", False)
    assert CALLING in error.message


async def test_the_field_that_is_blamed_decides_between_two_causes() -> None:
    both = ask(tools=(TOOL,), response_format=SCHEMA.response_format)
    said = "Invalid schema for function 'weather'"
    assert CALLING in (await refused("400 Bad Request", said, both, param="tools[0].function.parameters")).message
    assert SIMPLIFY in (await refused("400 Bad Request", said, both)).message


@pytest.mark.parametrize("said", ["error parsing tool call: invalid character 'x'", "GPU fell over"])
async def test_a_failure_that_speaks_of_tools_may_go_well_next_time(said: str) -> None:
    error = await refused("500 Oops", said, TOOLS)
    assert (error.kind, error.retryable) == ("upstream", True)


async def test_a_refusal_inside_a_stream_is_one_too() -> None:
    report = event({"error": {"message": "image input is not supported", "type": "server_error", "code": 500}})
    _, error = await failed(OPEN, report, request=SEE)
    assert (error.kind, error.retryable, CHOOSE in error.message) == ("bad_request", False, True)


async def test_an_engine_that_drops_streamed_tool_calls_is_told_how_to_do_without() -> None:
    head = OPEN.replace(b"Connection: close", b"Transfer-Encoding: chunked")
    hint = "If only answers with tools break, its engine may not stream them: set stream = false for it"
    _, error = await failed(head, request=TOOLS)
    assert (error.kind, error.retryable, error.partial, hint in error.message) == ("connection", True, False, True)
    _, error = await failed(head)
    assert hint not in error.message


# ------------------------------------------------------------------------------------------------ models, quotas


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        ("404 Not Found", "The model 'm' does not exist or you do not have access to it.", "model_not_found"),
        ("404 Not Found", 'model "m" not found, try pulling it first', None),
        (
            "400 Bad Request",
            "The model `m` has been decommissioned and is no longer supported.",
            "model_decommissioned",
        ),
        ("400 Bad Request", "m is not a valid model ID", None),
        ("400 Bad Request", 'Invalid model identifier "m"', None),
        ("410 Gone", "The model m has been deprecated", None),
    ],
)
async def test_a_model_that_is_gone_can_be_given_an_alias(status: str, said: str, code: str | None) -> None:
    error = await refused(status, said, code=code)
    assert (error.kind, error.retryable) == ("not_found", False)
    assert f"does not know the model 'm' ({status[:3]}): " in error.message
    assert (
        'Give the name an alias in livethread.toml ([aliases] "m" = "…"; with its prefix, if it was asked for with '
        "one), or choose one that `livethread models` lists."
    ) in error.message


async def test_an_engine_that_says_nothing_may_mean_the_model() -> None:
    _, error = await failed(plain("400 Bad Request", b""))
    assert (error.kind, error.retryable) == ("bad_request", False)
    assert error.message.endswith(
        "refused the request (400): it gave no reason. Some engines say no more when they do not serve the model 'm': "
        "`livethread models` lists what there is. Check the settings and tools against what the model "
        "supports."
    )


async def test_another_livethread_is_said_to_be_one() -> None:
    said = (
        "This request comes from a Livethread server that has been given itself or another one as its upstream. "
        "Set LIVETHREAD_UPSTREAM_URL there to the address of a model API."
    )
    error = await refused("400 Bad Request", said, TOOLS)
    assert (error.kind, error.retryable) == ("not_found", False)
    assert "is a Livethread server, which passes nothing on (400)" in error.message
    assert error.message.endswith("Set LIVETHREAD_UPSTREAM_URL (or the url in livethread.toml) to a model API itself.")


@pytest.mark.parametrize(
    ("headers", "said", "wait", "advice"),
    [
        ({"Retry_After": "20"}, "Slow down", 20.0, "Slow down. Try again in 20 s, or raise the limit there."),
        ({"retry_after_ms": "1500"}, "Slow down", 1.5, "Try again in 2 s, or raise the limit there."),
        ({}, "Please try again in 6m0s.", 360.0, "Try again in 6 min, or raise the limit there."),
        (
            {"x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_tokens": "90s"},
            "Slow down",
            90.0,
            "Try again in 90 s, or raise the limit there.",
        ),
        ({}, "Slow down", None, "Wait before trying again, or raise the limit there."),
    ],
)
async def test_a_rate_limit_says_how_long_to_wait(
    headers: dict[str, str], said: str, wait: float | None, advice: str
) -> None:
    _, error = await failed(plain("429 Too Many Requests", {"error": {"message": said}}, **headers))
    assert (error.kind, error.retryable, error.retry_after) == ("rate_limit", True, wait)
    assert error.message.endswith(advice)


async def test_a_rate_limit_inside_a_stream_says_how_long_to_wait() -> None:
    report = event({"error": {"message": "Try again in 3s", "code": 429}})
    _, error = await failed(OPEN, delta(content="x"), report)
    assert (error.kind, error.retryable, error.retry_after, error.partial) == ("rate_limit", True, 3.0, True)


async def test_an_overload_says_how_long_to_wait() -> None:
    _, error = await failed(plain("503 Service Unavailable", {"error": {"message": "Busy"}}, Retry_After="5"))
    assert (error.kind, error.retry_after) == ("overloaded", 5.0)
    assert error.message.endswith("is overloaded (503): Busy. Try again in 5 s.")


async def test_a_quota_that_is_used_up_is_not_waited_for() -> None:
    body = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}
    _, error = await failed(plain("429 Too Many Requests", body, Retry_After="20"))
    assert (error.kind, error.retryable, error.retry_after) == ("rate_limit", False, None)
    assert error.message.endswith(
        "has no quota left for this account (429): You exceeded your current quota. Check its plan and billing there."
    )


async def test_a_refused_key_says_where_keys_are_set_and_shows_none() -> None:
    body = {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}}
    _, error = await failed(plain("401 Unauthorized", body))
    assert (error.kind, error.retryable) == ("auth", False)
    assert error.message.endswith(
        "refused access (401): Incorrect API key provided: [hidden]. Check its key (LIVETHREAD_UPSTREAM_KEY, or the "
        "variable that key_env names in livethread.toml) and its account."
    )
