"""The command line: ``livethread serve``, ``models``, ``import`` and ``export``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from livethread import __version__
from livethread.cli.models import report, show
from livethread.cli.transfer import bring, give
from livethread.cli.transfer import show as show_import
from livethread.errors import SetupError
from livethread.serving import serve as run_server
from livethread.settings import Settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A self-hosted server for AI-assistant threads.",
)

Host = Annotated[str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option(help="The port; 0 takes a free one.", show_default="8000", min=0, max=65535)]
Data = Annotated[
    Path | None,
    typer.Option(help="The folder of the database.", show_default="./data", readable=False),  # we say more of it
]
Config = Annotated[
    Path | None, typer.Option(help="The settings file.", show_default="livethread.toml here, else in the data folder")
]


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def livethread(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A self-hosted server for AI-assistant threads."""


@app.command()
def serve(host: Host = None, port: Port = None, data: Data = None, config: Config = None) -> None:
    """Start the server."""
    run_server(Settings.read(host=host, port=port, data=data, config=config))


@app.command()
def models(host: Host = None, port: Port = None, data: Data = None, config: Config = None) -> None:
    """Print which models a server would serve, what aliases mean, and which assistants nothing serves."""
    found = asyncio.run(report(Settings.read(host=host, port=port, data=data, config=config)))
    show(found, Console(highlight=False, markup=False, emoji=False))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Objects of the Assistants API, as lines or a list of JSON.")],
    data: Data = None,
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing, only report.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Import nothing if anything is refused.")] = False,
    report: Annotated[Path | None, typer.Option(help="A file for all that is refused, as lines of JSON.")] = None,
) -> None:
    """Import assistants and threads into the data folder of a stopped server."""
    folder = Settings.read(data=data, config=config).data
    done = bring(file, folder, dry_run=dry_run, strict=strict, refusals=report)
    show_import(done, Console(highlight=False, markup=False, emoji=False, soft_wrap=True), dry_run=dry_run)
    if done.refusals_total:
        raise typer.Exit(1)


@app.command()
def export(
    data: Data = None,
    config: Config = None,
    output: Annotated[Path | None, typer.Option(help="The file.", show_default="standard output")] = None,
) -> None:
    """Print everything that is stored as lines of JSON, which import reads."""
    give(Settings.read(data=data, config=config).data, output)


def main() -> None:
    """The ``livethread`` command: what goes wrong at the start is one sentence, not a traceback."""
    try:
        app()
    except SetupError as error:
        Console(stderr=True, soft_wrap=True).print(f"livethread: {error}", highlight=False, markup=False)
        sys.exit(1)
