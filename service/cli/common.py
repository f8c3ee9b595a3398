"""What the commands share: settings with a sentence when one is wrong, and a store to work with."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import anyio
import typer

from model.bundle import BundleRefusedError
from service.ports import StoreDownError
from service.ports_records import RefusedError
from service.settings import Settings, SettingsError, load
from service.wiring import AddressError, Records, SecretsError, open_records, prepare

DataOption = Annotated[
    Path | None, typer.Option(envvar="LASTCALL_DATA", help="the folder for everything that is kept", file_okay=False)
]


T = TypeVar("T")


def with_records(data: Path | None, work: Callable[[Records], Awaitable[T]]) -> T:
    """Open the record of a data folder, bring it up to date, and do some work on it.

    Returns:
        What the work returns; a refusal ends the command with its sentence.
    """

    async def run() -> T:
        async with open_records(settings) as records:
            return await work(records)

    settings = settings_for(data)
    try:
        prepare(settings)
        return anyio.run(run)
    except BundleRefusedError as error:
        fail(f"{error.code}: {error}")
    except (RefusedError, SecretsError, AddressError) as error:
        fail(str(error))
    except StoreDownError:
        fail("the database cannot be used; `lastcall doctor` says why")


def fail(sentence: str) -> NoReturn:
    """Print what is wrong and end the command.

    Raises:
        typer.Exit: always.
    """
    typer.secho(sentence, fg="red", err=True)
    raise typer.Exit(1)


def settings_for(data: Path | None = None, **given: object) -> Settings:
    """Read the settings, or end the command with a sentence for each that is wrong."""
    try:
        return load(data=data, **given)
    except SettingsError as error:
        fail(str(error))
