"""The errors that a person or a caller may see, whatever face they come out of."""

from __future__ import annotations


class LivethreadError(Exception):
    """Every error of ours; its text is one sentence that says what happened and what to do."""


class SetupError(LivethreadError):
    """The server cannot start, or stop, as asked: a busy port, a folder it may not write, a damaged file."""


class ApiError(LivethreadError):
    """A request that is refused, in the API's own terms (reference section 1.5).

    Args:
        message: the sentence for the caller; clients match on some of them, so punctuation is exact.
        status: the HTTP status; 400 unless the thing asked for does not exist (404).
        param: the path of the field that is at fault, such as ``metadata.color``.
        code: the API's machine-readable code, such as ``missing_required_parameter``.
    """

    status = 400
    type = "invalid_request_error"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status if status is not None else type(self).status
        self.param = param
        self.code = code

    @property
    def described(self) -> dict[str, str | None]:
        """The error object of every face; all four keys are always there."""
        return {"message": self.message, "type": self.type, "param": self.param, "code": self.code}


class NotFound(ApiError):
    """No such object: ``No thread found with id 'thread_…'.``"""

    status = 404

    def __init__(self, noun: str, id: str) -> None:
        super().__init__(f"No {noun} found with id '{id}'.")


class StorageError(ApiError):
    """The database cannot be read or written, through no fault of a request or of ours.

    Args:
        message: the sentence for the caller.
        advice: the sentence for whoever runs the server: where, why, and what to do.
        status: 507 where there is no room, 503 while another program holds it, else 500. SDKs try these again twice.
    """

    status = 500
    type = "server_error"

    def __init__(self, message: str, advice: str, *, status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.advice = advice


class Fenced(LivethreadError):
    """A write of an owner that has lost its run: nothing was changed, and nothing more may be."""
