"""The ids that callers write: of the right kind, or refused in the vendor's words before anything is looked up.

An id that does not even begin like one of its kind is 400, as the hosted API had it (reference section 1.2); what
begins so and is no id that we could have stored is 404, as any unknown one.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from livethread.errors import ApiError, NotFound
from livethread.ids import is_id


def check_id(id: str, *, name: str, prefix: str, noun: str) -> str:
    """The id, if it may be one.

    Args:
        id: what the caller wrote.
        name: the parameter's, such as ``thread_id``.
        prefix: what ids of this kind begin with; imported ones do too.
        noun: what such an object is called.

    Raises:
        ApiError: 400, it does not begin with the prefix.
        NotFound: it has characters or a length that no stored id has.
    """
    if not id.startswith(prefix):
        message = f"Invalid '{name}': '{id[:128]}'. Expected an ID that begins with '{prefix}'."
        raise ApiError(message, param=name, code="invalid_value")
    if not is_id(id):
        raise NotFound(noun, id[:128])
    return id


def _kind(name: str, prefix: str, noun: str) -> AfterValidator:
    # An ApiError is no ValueError: pydantic and FastAPI let it through as it is.
    return AfterValidator(lambda id: check_id(id, name=name, prefix=prefix, noun=noun))


AssistantId = Annotated[str, _kind("assistant_id", "asst", "assistant")]
ThreadId = Annotated[str, _kind("thread_id", "thread", "thread")]
MessageId = Annotated[str, _kind("message_id", "msg", "message")]
RunId = Annotated[str, _kind("run_id", "run", "run")]
StepId = Annotated[str, _kind("step_id", "step", "run step")]
