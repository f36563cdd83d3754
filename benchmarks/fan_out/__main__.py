"""One event to many viewers: Livethread beside other servers and the limit, as tables, bars and pictures.

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
from benchmarks.fan_out.crowds import CROWDS, IDLE_VIEWERS, MANY
from benchmarks.fan_out.faces import FACES, NAMES, Face
from benchmarks.fan_out.measure import audience, idle_viewer
from benchmarks.fan_out.page import renewed
from benchmarks.fan_out.results import Results
from benchmarks.fan_out.subjects import PROGRAMS, Subject, subjects
from benchmarks.fan_out.told import Told, told
from benchmarks.plot import svg

PAGE = Path("docs/performance.md")


def main() -> None:
    """Measure what was asked for."""
    options = argparse.ArgumentParser("python -m benchmarks.fan_out", description=__doc__)
    options.add_argument("--repetitions", type=int, default=3)
    options.add_argument("--only", choices=NAMES, nargs="+", default=NAMES, metavar="NAME", help=", ".join(NAMES))
    options.add_argument("--quick", action="store_true", help="once and briefly: that it works, not what it costs")
    options.add_argument("--write", action="store_true", help=f"tables, bars and pictures into {PAGE} and beside it")
    given = options.parse_args()
    faces = [face for face in FACES if not set(face.names).isdisjoint(given.only)]
    if given.write:
        if given.quick or any(not set(face.names).issubset(given.only) for face in faces):
            options.error("--write is for whole runs: leave out --quick, and name with --only all subjects of a face")
        for face in faces:  # before anything is measured: what is wrong with the page
            write(face, "")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    core = divide()
    repetitions, seconds = (1, 0.2) if given.quick else (given.repetitions, 0.6)
    results = {face: Results(face, seconds) for face in faces}
    where = "on all cores" if core is None else f"on core {core}, the load client on another"
    print(f"Measured servers {where}.\n")
    with tempfile.TemporaryDirectory(prefix="livethread-benchmark-") as name:
        folder = Path(name)
        with told([compiled("load.c", folder)]) as client:
            for number in range(repetitions):
                repeat(results, client, folder, core, given.only)
                print(f"### Repetition {number + 1}\n")
                sheets = [sheet for face in faces for sheet in results[face].sheets()]
                print("\n\n".join(sheet.repetition(number) for sheet in sheets), end="\n\n", flush=True)
    for face in faces:
        report = reported(face, results[face], about(face, given.only, repetitions))
        print(report, end="\n\n")
        if given.write:
            face.picture.write_text(svg(f"One event to many viewers, {face.title}", results[face].panels()), "utf-8")
            write(face, report)


def repeat(results: dict[Face, Results], client: Told, folder: Path, core: int | None, names: list[str]) -> None:
    """Measure all once, every server fresh, and each crowd with one server right after the other."""
    starts = subjects(folder, core)
    of = {name: result for face, result in results.items() for name in face.names}
    with ExitStack() as stack:
        started: list[Subject] = [stack.enter_context(starts[name]()) for name in names]
        for subject in started:
            of[subject.name].idle(subject.name, idle_viewer(subject, client, IDLE_VIEWERS))
        for crowd in CROWDS:
            for subject in started:
                with audience(subject, client, *crowd) as viewers:
                    of[subject.name].pressed(subject.name, crowd, viewers)
        for subject in started:
            with audience(subject, client, *MANY) as viewers:
                of[subject.name].paced(subject.name, viewers)


def about(face: Face, names: list[str], repetitions: int) -> str:
    """When and on what it was measured."""
    known = [f"{package} {version(package)}" for package in face.packages]
    known += [PROGRAMS[name]() for name in face.names if name in PROGRAMS and name in names]
    return (
        f"Measured on {datetime.date.today()}, {repetitions} repetitions; {platform.system()} {platform.release()}, "
        f"CPython {platform.python_version()}, {', '.join(known)}. Median, and behind it the repetitions."
    )


def reported(face: Face, results: Results, measured: str) -> str:
    """The report, as Markdown."""
    tables = "\n\n".join(sheet.medians() for sheet in results.sheets())
    bars = "\n".join(map(str, results.bars()))
    return f"{measured}\n\n![One event to many viewers, as bars]({face.picture.name})\n\n{tables}\n\n```\n{bars}\n```"


def write(face: Face, report: str) -> None:
    """Put a report into its place on the page; no report, to see whether there is such a place."""
    page = renewed(PAGE.read_text(encoding="utf-8"), face.title, report)
    if report:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
