"""What the scenes of ``python/patience.py`` see."""

from __future__ import annotations

from typing import Any, Final

from tests.matrix.expected.callbacks import END, begun
from tests.matrix.expected.objects import THREAD
from tests.matrix.expected.runs import HELLO, said
from tests.sdk.orders import ANSWERED, BEGUN, SAID

ECHOED: Final = [HELLO, said("You said: Hello")]
LEFT: Final = ["in_progress", "cancelled", "completed"]
"""The run that fell silent before and after it was cancelled, and the next one of its thread."""


def expected(version: str) -> dict[str, Any]:
    """What an SDK sees; before 3.x the transport's own error came through when a raw stream fell silent."""
    silent = "APITimeoutError" if version == "3" else "ReadTimeout"
    return {
        "a_message_is_made_once": [True],
        "a_thread_is_made_once": [True],
        "a_run_is_made_once": [[True], ECHOED],
        "a_streamed_run_is_made_once": [f"{BEGUN} {SAID} R.completed", "You said: Hello", [True]],
        "a_new_thread_is_run_once": [[True], ECHOED],
        "outputs_are_taken_once": [
            f"{ANSWERED} {SAID} R.completed",
            "It is sunny in Rome.",
            [HELLO, said("It is sunny in Rome.")],
        ],
        "a_cancel_is_taken_once": ["cancelling", "cancelled"],
        "what_was_answered_is_made_again": [2, 2],
        "patience_that_ends": [["APITimeoutError"], THREAD],
        "a_stream_falls_silent": [
            [silent, LEFT, ECHOED],
            [silent, LEFT, [HELLO, said("Wait", "incomplete"), ECHOED[1]]],
        ],
        "a_helper_falls_silent": [
            ["ReadTimeout", LEFT, [HELLO, said("Wait", "incomplete"), ECHOED[1]]],
            [*begun("Wait"), ["timeout"], ["exception", "ReadTimeout"], END],
        ],
    }
