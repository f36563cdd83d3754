"""Main-thread time for an answer of 3,000 tokens at 100/s with 100 and 10,000 messages, beside the seed's way with 100.

Every page is open in headless Chromium and follows a real server. The seed's way is written anew in ``page/seed.jsx``;
``page/ours.jsx`` is `useThread` as the documentation shows it; the chat page is the server's own.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import process
from benchmarks.figures import Bar
from benchmarks.rendering import pages
from benchmarks.rendering.busy import chromium
from benchmarks.rendering.subjects import Bench, Subject
from benchmarks.sheet import Sheet

SEED = Subject("seed", 100)
FEW, MANY = 100, 10_000
BESIDE, LONGER = f": the seed's way, {FEW} messages", f"{MANY:,} : {FEW} messages"


def main() -> None:
    """Measure, and print every repetition."""
    options = argparse.ArgumentParser("python -m benchmarks.rendering", description=__doc__)
    options.add_argument("--repetitions", type=int, default=5)
    options.add_argument("--tokens", type=int, default=3000, help="of an answer, 100 a second")
    options.add_argument("--pages", nargs="+", choices=("ours", "chat"), default=["ours", "chat"])
    given = options.parse_args()
    sheet = Sheet(f"{given.tokens:,} tokens", {"busy s": 2, "scripts s": 2, "style and layout s": 2})
    ratios = Sheet("busy", {BESIDE: 2, LONGER: 2})
    with tempfile.TemporaryDirectory(prefix="livethread-benchmark-") as name, chromium() as browser:
        folder = Path(name) / "pages"
        pages.build(folder)
        with process.livethread(Path(name) / "data") as server, pages.served(folder) as files:
            bench = Bench(browser, server, folder, files, given.tokens)
            for repetition in range(given.repetitions):
                seed = bench.watch(SEED)
                sheet.add(str(SEED), *seed)
                for page in given.pages:
                    few, many = (bench.watch(Subject(page, messages)) for messages in (FEW, MANY))
                    sheet.add(str(Subject(page, FEW)), *few)
                    sheet.add(str(Subject(page, MANY)), *many)
                    ratios.add(Subject(page, FEW).name, few.all / seed.all, many.all / few.all)
                print(f"### Repetition {repetition + 1}\n\n{sheet.repetition(repetition)}\n", flush=True)
    print(f"### Medians\n\n{sheet.medians()}\n\n{ratios.medians()}\n")
    for page in given.pages:
        name = Subject(page, FEW).name
        print(f"    {Bar(f'{name} {BESIDE}', ratios.median(name, BESIDE), 0.5)}")
        print(f"    {Bar(f'{name}, {LONGER}', ratios.median(name, LONGER), 1.3)}")


if __name__ == "__main__":
    main()
