"""``python -m benchmarks [--repetitions 5]``: each figure is Livethread's : the bare pass-through's = their ratio."""

from __future__ import annotations

import argparse

from benchmarks import heart

if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repetitions", type=int, default=3)
    heart.main(options.parse_args().repetitions)
