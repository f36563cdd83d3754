"""What a token costs between a model API and a reader: Livethread beside its peers, as tables and a picture.

Everything is measured in one run on one machine, the repetitions interleaved. ``docs/performance.md`` says how.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.cores import divide
from benchmarks.figures import Bar
from benchmarks.plot import Panel, svg
from benchmarks.sheet import Sheet
from benchmarks.token_path.draft_file import DraftFile
from benchmarks.token_path.measure import RATE, STREAMS
from benchmarks.token_path.peers import Peers
from benchmarks.token_path.subjects import Subject, upstream
from benchmarks.token_path.thread_length import ThreadLength
from benchmarks.token_path.transactions import NOTE, Transactions

PARTS = ("peers", "threads", "transactions", "drafts")


def main() -> None:
    """Measure what was asked for."""
    options = argparse.ArgumentParser("python -m benchmarks.token_path", description=__doc__)
    options.add_argument("--repetitions", type=int, default=3)
    options.add_argument("--longest", type=int, default=2, help="repetitions with answers of 2,000 tokens, too")
    options.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    options.add_argument("--plot", type=Path, default=Path("docs/token-path.svg"), help="where the picture goes")
    given = options.parse_args()
    core = divide()
    where = "on all cores" if core is None else f"on core {core}, everything else on others"
    print(f"{STREAMS} streams at {RATE} tokens/s, and as fast as they go; the measured process {where}.\n")
    with upstream() as direct:
        bars, panels = measure(direct, core, given)
    print("### Bars\n")
    for bar in bars:
        print(f"    {bar}")
    if panels:
        given.plot.write_text(svg("What a token costs", panels), encoding="utf-8")
        print(f"\nThe picture is {given.plot}")


def measure(direct: Subject, core: int | None, given: argparse.Namespace) -> tuple[list[Bar], list[Panel]]:
    """All the parts, each printed as soon as it is known."""
    model_api = f"{direct.process.url}/v1"
    bars: list[Bar] = []
    panels: list[Panel] = []
    if "peers" in given.only:
        peers = Peers(core)
        for number in range(given.repetitions):
            longest = number < given.longest
            peers.repeat(direct, longest=longest)
            _print(number, *peers.sheets(longest=longest))
        _print(None, *peers.sheets(longest=given.longest > 0))
        bars += peers.bars()
        panels += peers.panels()
    if "threads" in given.only:
        with tempfile.TemporaryDirectory(prefix="livethread-benchmark-") as folder:
            lengths = ThreadLength(model_api, Path(folder), core)
            for number in range(given.repetitions):
                lengths.repeat()
                _print(number, lengths.sheet)
        _print(None, lengths.sheet)
        bars += lengths.bars()
        panels += lengths.panels()
    if "transactions" in given.only:
        transactions = Transactions(model_api)
        transactions.count()
        print(f"### Database transactions of one run alone\n\n{transactions.sheet.medians()}\n\n{NOTE}\n", flush=True)
        bars += transactions.bars()
    if "drafts" in given.only:
        drafts = DraftFile()
        for number in range(given.repetitions):
            drafts.repeat()
            _print(number, drafts.sheet)
        _print(None, drafts.sheet)
    return bars, panels


def _print(repetition: int | None, *sheets: Sheet) -> None:
    """A repetition's tables, or the medians'."""
    print("### Medians" if repetition is None else f"### Repetition {repetition + 1}", end="\n\n")
    for sheet in sheets:
        print(sheet.medians() if repetition is None else sheet.repetition(repetition), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
