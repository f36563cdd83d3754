"""The command line: ``livethread serve``, ``livethread models``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from livethread import __version__
from livethread.cli.models import report, show
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
Data = Annotated[Path | None, typer.Option(help="The folder of the database.", show_default="./data")]
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


def main() -> None:
    """The ``livethread`` command: what goes wrong at the start is one sentence, not a traceback."""
    try:
        app()
    except SetupError as error:
        Console(stderr=True, soft_wrap=True).print(f"livethread: {error}", highlight=False, markup=False)
        sys.exit(1)
