"""The built-in provider: no key, no network, always the same answer, and not a language model."""

from livethread.providers.builtin.provider import Builtin

__all__ = ["Builtin"]
