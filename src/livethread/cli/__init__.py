"""The command line: ``livethread serve``, ``models``, ``import``, ``export``, ``tail`` and ``chat``."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from livethread import __version__
from livethread.cli.chat import chat as run_chat
from livethread.cli.models import report, show
from livethread.cli.tail import tail as run_tail
from livethread.cli.tail import tail_json
from livethread.cli.transfer import bring, give
from livethread.cli.transfer import show as show_import
from livethread.errors import LivethreadError
from livethread.serving import serve as run_server
from livethread.settings import Settings, this_caller

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
Url = Annotated[str | None, typer.Option(help="The server.", show_default="LIVETHREAD_URL, else http://127.0.0.1:8000")]
Key = Annotated[str | None, typer.Option(help="An API key of the server.", show_default="LIVETHREAD_API_KEY")]


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


@app.command()
def tail(
    thread: Annotated[str, typer.Argument(help="The thread's id.")],
    url: Url = None,
    key: Key = None,
    last: Annotated[int, typer.Option("--last", "-n", help="So many messages first.", min=0, max=100)] = 10,
    json: Annotated[bool, typer.Option("--json", help="Every event as a line of JSON, a snapshot first.")] = False,
) -> None:
    """Print a thread as it grows, whatever happens to the connection."""
    caller = this_caller(url=url, key=key)
    _follow(tail_json(caller, thread) if json else run_tail(caller, thread, last=last), interrupted=130)


@app.command()
def chat(
    thread: Annotated[str | None, typer.Argument(help="The thread's id.", show_default="a new one")] = None,
    url: Url = None,
    key: Key = None,
    name: Annotated[str | None, typer.Option(help="Your name.", show_default="who is logged in")] = None,
    assistant: Annotated[
        list[str] | None, typer.Option(help="Who answers, by id or name; may be repeated.", show_default="the oldest")
    ] = None,
) -> None:
    """Chat in a thread with everybody who is there; without a terminal: lines in, a transcript out."""
    _follow(run_chat(this_caller(url=url, key=key, name=name), thread, assistant or []), interrupted=0)


def _follow(what: Coroutine[Any, Any, None], *, interrupted: int) -> None:
    """Run it until it ends, nobody reads what it prints, or Ctrl-C, which leaves this exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        asyncio.run(what)
    except BrokenPipeError:  # whoever reads it has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        raise typer.Exit(interrupted) from None


def main() -> None:
    """The ``livethread`` command: what goes wrong at the start is one sentence, not a traceback."""
    try:
        app()
    except LivethreadError as error:
        Console(stderr=True, soft_wrap=True).print(f"livethread: {error}", highlight=False, markup=False)
        sys.exit(1)
