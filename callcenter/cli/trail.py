"""The command that proves the audit trail whole; it works on the database, so also while the hotline is down."""

import asyncio
import json as encoding
import sys

import typer

from callcenter import databases
from callcenter.cli.output import Json
from callcenter.panel.trail.proof import Proof, prove
from callcenter.panel.trail.witness import Witness
from callcenter.paths import Paths
from callcenter.settings import load


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("verify-audit")(verify)


def verify(json: Json = False) -> None:  # noqa: FBT002  # a command-line flag
    """Prove that no row of the audit trail was changed, removed, inserted or cut off; status 1 when one was."""

    async def run() -> Proof:
        settings = load()
        async with databases.opened(settings) as database:
            return await prove(database, Witness(Paths.of(settings).witness))

    proof = asyncio.run(run())
    whole = not proof.count
    if json:
        told = {
            "ok": whole,
            "chain": proof.chain,
            "rows": proof.rows,
            "marks": proof.marks,
            "faults": proof.faults,
            "fault_count": proof.count,
        }
        sys.stdout.write(encoding.dumps(told, ensure_ascii=False, indent=2) + "\n")
    elif whole:
        marks = f"{proof.marks} marks of the witness agree" if proof.marks else "no mark of the witness to compare with"
        sys.stdout.write(f"audit trail whole: {proof.rows} rows, {marks}\n")
    else:
        more = f" (and {proof.count - 1} more; see --json)" if proof.count > 1 else ""
        sys.stderr.write(f"callcenter: audit trail broken: {proof.faults[0]}{more}\n")
    if not whole:
        raise typer.Exit(1)
