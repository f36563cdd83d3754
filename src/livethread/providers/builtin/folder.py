"""Scenarios that are kept as files, in one folder."""

from __future__ import annotations

import re
from pathlib import Path

from livethread.providers.builtin.reading import JSON_LIMIT
from livethread.providers.chunks import ProviderError

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_ENDINGS = ("", ".yaml", ".yml", ".json")


def load(scripts: Path | None, name: str) -> str:
    """The text of a scenario file.

    Args:
        scripts: the folder, or None where the server has none.
        name: letters, digits, ``-``, ``_`` and ``.``, not beginning with a dot; ``.yaml``, ``.yml`` or ``.json`` may be
            left out.

    Raises:
        ProviderError: ``bad_request`` for a name that is not plain or a file that is no text, ``not_found`` for a file
            that is not there, saying where it was looked for.
    """
    if not _PLAIN.fullmatch(name):
        raise _refused(f"The script name {name[:60]!r} is not plain; allowed are letters, digits, '-', '_' and '.'.")
    if scripts is None:
        raise _missing(f"There is no script '{name}', because this server has no scripts folder.")
    file = next((path for ending in _ENDINGS if (path := scripts / f"{name}{ending}").is_file()), None)
    if file is None:
        raise _missing(
            f"There is no script '{name}' in the data folder's scripts/, also not with .yaml, .yml or .json."
        )
    try:
        with file.open("rb") as opened:
            # A character has at most four bytes; one more character is enough for the reader to refuse the length.
            return opened.read(4 * JSON_LIMIT + 4).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise _refused(f"The script '{name}' in the data folder's scripts/ cannot be read as UTF-8 text.") from None


def _refused(message: str) -> ProviderError:
    return ProviderError("bad_request", message, status=400)


def _missing(message: str) -> ProviderError:
    return ProviderError("not_found", message, status=404)
