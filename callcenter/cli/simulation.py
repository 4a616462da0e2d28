"""The command that simulates the queue rule: how much load the hotline's promises bear."""

import os
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated

import typer

from callcenter.cli.output import Json, show, show_one
from callcenter.hotline.rules.policy import Thresholds
from callcenter.settings import Settings, load


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(simulate)


def simulate(  # noqa: PLR0917  # Typer's way to write options
    at_load: Annotated[
        float | None,
        typer.Option("--load", min=0.1, max=1000, help="Erlang in the busiest hour. Searched for when left out."),
    ] = None,
    seats: Annotated[
        int | None, typer.Option(min=1, max=500, help="Seats; those of the settings when left out.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=1000, help="Days to simulate for each load.")] = 5,
    seed: Annotated[int, typer.Option(help="The same seed gives the same figures.")] = 1,
    png: Annotated[Path | None, typer.Option(help="Draw the figures into this file.")] = None,
    as_json: Json = False,  # noqa: FBT002  # Typer's way to write a flag
) -> None:
    """Simulate the queue rule against a bare queue: the greatest load at which the promises hold.

    The policy, the prediction and the order of callbacks are the hotline's own, with its settings; everything else is
    assumed (callcenter/simulation/assumptions.py) and printed with --json.
    """
    # Simulation and drawing are read only when they are asked for.
    from callcenter.simulation import formula, report, search  # noqa: PLC0415
    from callcenter.simulation.assumptions import Assumptions  # noqa: PLC0415
    from callcenter.simulation.hotline import simulate as simulated  # noqa: PLC0415

    settings = load()
    assumed = Assumptions(seats=seats or settings.seats.count, wrap_up_seconds=float(settings.queue.wrap_up_seconds))
    assumed = replace(assumed, reserves=len(settings.reserves) or assumed.reserves)
    rules = report.hotlines(assumed, thresholds(settings), settings.callbacks.reserve_agents)
    if png is not None and not png.parent.is_dir():
        raise NotADirectoryError(f"{png.parent} is no folder: name a file in a folder that is there")
    if at_load is not None:
        records = {rule: simulated(rule, at_load, assumed, days=days, seed=seed) for rule in rules}
        show([report.row(rule, at_load, record) for rule, record in records.items()], as_json=as_json)
        if png is not None:
            from callcenter.simulation.drawing import draw_day  # noqa: PLC0415

            draw_day(records, at_load, png)
        return
    if not as_json:
        sys.stderr.write(f"simulating {days} days at each of some 30 loads for {len(rules)} hotlines: minutes\n")
    found = search.search_all(assumed, rules, days=days, seed=seed, workers=os.cpu_count() or 1)
    agreed = formula.agreements(assumed, hours=formula.HOURS, seed=seed)
    said = report.report(assumed, found, agreed, days=days, seed=seed)
    if as_json:
        show_one(said, as_json=True)
    else:
        typer.echo("\n".join(report.lines(said)))
    if png is not None:
        from callcenter.simulation.drawing import draw  # noqa: PLC0415

        draw(found, said, png)


def thresholds(settings: Settings) -> Thresholds:
    """Return the queue rule's thresholds as they are set."""
    there = [item.name for item in fields(Thresholds) if hasattr(settings.policy, item.name)]
    return Thresholds(
        max_waiting=settings.queue.max_waiting, **{name: getattr(settings.policy, name) for name in there}
    )
