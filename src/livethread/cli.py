"""The command line: ``livethread serve``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from livethread import __version__
from livethread.errors import SetupError
from livethread.serving import serve as run_server
from livethread.settings import Settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A self-hosted server for AI-assistant threads.",
)


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
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.  [default: 127.0.0.1]")] = None,
    port: Annotated[
        int | None, typer.Option(help="The port; 0 takes a free one.  [default: 8000]", min=0, max=65535)
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The folder of the database.  [default: ./data]")] = None,
) -> None:
    """Start the server."""
    run_server(Settings.read(host=host, port=port, data=data))


def main() -> None:
    """The ``livethread`` command: what goes wrong at the start is one sentence, not a traceback."""
    try:
        app()
    except SetupError as error:
        Console(stderr=True, soft_wrap=True).print(f"livethread: {error}", highlight=False, markup=False)
        sys.exit(1)
