"""One event to many viewers: Livethread beside four other servers and the limit, as tables, bars and a picture.

Everything is measured in one run on one machine, the repetitions interleaved. ``docs/performance.md`` says how.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import resource
import tempfile
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from benchmarks.cores import divide
from benchmarks.fan_out.compiled import compiled
from benchmarks.fan_out.measure import audience, idle_viewer
from benchmarks.fan_out.page import renewed
from benchmarks.fan_out.results import CROWDS, IDLE_VIEWERS, MANY, Results
from benchmarks.fan_out.subjects import NAMES, Subject, subjects, versions
from benchmarks.fan_out.told import Told, told
from benchmarks.plot import svg

PICTURE = Path("docs/fan-out.svg")
PAGE = Path("docs/performance.md")


def main() -> None:
    """Measure what was asked for."""
    options = argparse.ArgumentParser("python -m benchmarks.fan_out", description=__doc__)
    options.add_argument("--repetitions", type=int, default=3)
    options.add_argument("--only", choices=NAMES, nargs="+", default=NAMES, metavar="NAME", help=", ".join(NAMES))
    options.add_argument("--quick", action="store_true", help="once and briefly: that it works, not what it costs")
    options.add_argument("--write", action="store_true", help=f"tables, bars and picture into {PAGE} and {PICTURE}")
    given = options.parse_args()
    if given.write:
        if given.quick or set(given.only) != set(NAMES):
            options.error("--write is for whole runs: leave out --quick and --only")
        renewed(PAGE.read_text(encoding="utf-8"), "")  # before anything is measured: what is wrong with the page
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    core = divide()
    repetitions, seconds = (1, 0.2) if given.quick else (given.repetitions, 0.6)
    results = Results(seconds)
    where = "on all cores" if core is None else f"on core {core}, the load client on another"
    print(f"Measured servers {where}.\n")
    with tempfile.TemporaryDirectory(prefix="livethread-benchmark-") as name:
        folder = Path(name)
        with told([compiled("load.c", folder)]) as client:
            for number in range(repetitions):
                repeat(results, client, folder, core, given.only)
                print(f"### Repetition {number + 1}\n")
                print("\n\n".join(sheet.repetition(number) for sheet in results.sheets()), end="\n\n", flush=True)
    report = written(results, about(repetitions))
    print(report)
    if given.write:
        PICTURE.write_text(svg("One event to many viewers", results.panels()), encoding="utf-8")
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), report), encoding="utf-8")


def repeat(results: Results, client: Told, folder: Path, core: int | None, names: list[str]) -> None:
    """Measure all once, every server fresh, and each crowd with one server right after the other."""
    starts = subjects(folder, core)
    with ExitStack() as stack:
        started: list[Subject] = [stack.enter_context(starts[name]()) for name in names]
        for subject in started:
            results.idle(subject.name, idle_viewer(subject, client, IDLE_VIEWERS))
        for crowd in CROWDS:
            for subject in started:
                with audience(subject, client, *crowd) as viewers:
                    results.pressed(subject.name, crowd, viewers)
        for subject in started:
            with audience(subject, client, *MANY) as viewers:
                results.paced(subject.name, viewers)


def about(repetitions: int) -> str:
    """When and on what it was measured."""
    packages = ("uvicorn", "uvloop", "httptools", "starlette", "sse-starlette")
    known = ", ".join(f"{package} {version(package)}" for package in packages)
    return (
        f"Measured on {datetime.date.today()}, {repetitions} repetitions; {platform.system()} {platform.release()}, "
        f"CPython {platform.python_version()}, {known}, {versions()}. Median, and behind it the repetitions."
    )


def written(results: Results, measured: str) -> str:
    """The report, as Markdown."""
    tables = "\n\n".join(sheet.medians() for sheet in results.sheets())
    bars = "\n".join(map(str, results.bars()))
    return f"{measured}\n\n![One event to many viewers, as bars]({PICTURE.name})\n\n{tables}\n\n```\n{bars}\n```"


if __name__ == "__main__":
    main()
