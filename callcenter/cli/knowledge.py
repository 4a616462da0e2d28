"""Commands about what is looked up: the knowledge base, and the full-text indexes. They work on the database."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from callcenter import databases
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Actor
from callcenter.settings import load
from callcenter.storage import clock
from callcenter.tickets.flows.finding import search_index
from callcenter.tickets.flows.knowledge import articles as flows
from callcenter.tickets.flows.knowledge.importing import Counted, Faulty, parsed, take_over

knowledge = typer.Typer(no_args_is_help=True, help="The knowledge base 知识库.")
search = typer.Typer(no_args_is_help=True, help="What full-text search knows.")
File = Annotated[Path, typer.Argument(help="A CSV file with a heading: title, keywords, body, unit...", exists=True)]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    knowledge.callback()(lambda: None)
    search.callback()(lambda: None)
    app.add_typer(knowledge, name="knowledge")
    app.add_typer(search, name="search")


@knowledge.command("import")
def import_(file: File) -> None:
    """Take articles over from a CSV file: all of them, or none and what is wrong with which line.

    Headings: title 标题, keywords 关键词, body 内容, unit 责任单位 (code or name), valid_from 生效日期,
    valid_until 失效日期.
    An article whose title is there already is changed.
    """

    async def run() -> Counted:
        settings = load()
        async with databases.opened(settings) as database, database.begin() as session:
            return await take_over(session, Actor("cli", settings.node), rows, now=clock.now())

    try:
        rows = parsed(file.read_bytes())
        done = asyncio.run(run())
    except Faulty as faulty:
        for fault in faulty.faults:
            sys.stderr.write(f"callcenter: {fault}\n")
        raise typer.Exit(1) from faulty
    except Problem as problem:
        raise typer.BadParameter(str(problem)) from problem
    sys.stdout.write(f"{done.added} added, {done.changed} changed, {done.same} as they were\n")


@search.command("rebuild")
def rebuild() -> None:
    """Index every ticket and article anew; work may go on, but finds only what has been indexed again."""

    async def run() -> tuple[int, int]:
        async with databases.opened(load()) as database:
            tickets = await search_index.rebuild(database, lambda count: sys.stderr.write(f"\r{count} tickets"))
            return tickets, await flows.rebuild(database)

    tickets, articles = asyncio.run(run())
    sys.stdout.write(f"\r{tickets} tickets and {articles} articles can be found\n")
