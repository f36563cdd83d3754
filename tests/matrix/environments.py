"""Where `scripts/setup` has put each version of the official SDKs that the matrix tests."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

PYTHONS: Final[dict[str, Path]] = {
    name: ROOT / ".sdks" / f"python-{name}" / "bin" / "python" for name in ("1.30", "1", "2", "3")
}
"""The Python of each environment: an early SDK with Assistants v2, then the newest of each major version."""

NODE: Final = ROOT / ".venv" / "bin" / "node"

NODES: Final[dict[str, Path]] = {name: Path(__file__).parent / "node" / name for name in ("4.29", "4.104", "newest")}
"""The folder of each environment, which holds ``node_modules/openai``."""


def present(path: Path) -> Path:
    """The same path; a missing one is told in a sentence."""
    assert path.exists(), f"{path.relative_to(ROOT)} is missing, so this SDK cannot be tested: run make test"
    return path
