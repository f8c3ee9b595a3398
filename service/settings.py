"""Every setting, from the environment (`LASTCALL_*`) or `lastcall.toml`; no setting can make a failure allow.

`lastcall serve --print-settings` shows them with their meaning. Secrets are not settings: they live in files of mode
0600 under the data folder, or where `LASTCALL_SECRETS` points.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

CONFIG_FILE = Path("lastcall.toml")
LEAST_DEADLINE_MS = 20


class SettingsError(ValueError):
    """A setting is wrong; the sentences say which, and what to mend."""


class Settings(BaseSettings):
    """The settings, each with its meaning."""

    model_config = SettingsConfigDict(env_prefix="LASTCALL_", toml_file=CONFIG_FILE, extra="forbid", frozen=True)

    data: Annotated[
        Path, Field(description="folder for everything that is kept: database, store, bundles, secrets")
    ] = Path("lastcall-data")
    database_url: Annotated[
        str | None,
        Field(description="database of record; empty: SQLite in the data folder; postgresql+psycopg://... at scale"),
    ] = None
    redis_url: Annotated[
        str | None,
        Field(description="velocity store; empty: an embedded server that we start; redis:// rediss:// unix:// else"),
    ] = None
    secrets: Annotated[Path | None, Field(description="folder of the secret files; empty: `secrets` in data")] = None
    deadline_ms: Annotated[int, Field(ge=LEAST_DEADLINE_MS, le=60_000, description="time for a whole screening")] = 300
    velocity_deadline_ms: Annotated[
        int, Field(ge=1, le=10_000, description="time for the velocity round trip; later is degraded")
    ] = 50
    mode: Annotated[
        Literal["enforce", "observe"],
        Field(description="observe: decided and logged as ever, but the answer says `enforced: false`"),
    ] = "enforce"
    strictness: Annotated[
        Literal["normal", "raised"], Field(description="raised only ever makes verdicts stricter")
    ] = "normal"
    demo_model: Annotated[
        Literal["auto", "never"],
        Field(description="auto: a new embedded data folder trains and activates a demo model of its own"),
    ] = "auto"
    policy: Annotated[Path | None, Field(description="policy file; empty: the default policy that is shipped")] = None
    trusted_keys: Annotated[
        Path | None,
        Field(description="folder of public keys (PEM) that may sign models; empty: `trusted` in the data folder"),
    ] = None
    sticky_h: Annotated[int, Field(ge=24, le=168, description="how long a hold or block sticks to a line")] = 24
    receipt_s: Annotated[int, Field(ge=10, le=3600, description="how long an allow may be redeemed")] = 300
    private_days: Annotated[
        int, Field(ge=7, le=3650, description="after so many days a decision's plain number and places are erased")
    ] = 180
    sms: Annotated[
        str,
        Field(
            description="gateway for codes and notices: `outbox` (a folder, for development), `none`, or an address",
            pattern=r"^(outbox|none|https?://.+)$",
        ),
    ] = "outbox"
    otp_per_minute: Annotated[int, Field(ge=1, le=1_000_000, description="most codes sent a minute, all lines")] = 600
    webhook_networks: Annotated[
        str,
        Field(description="networks (CIDR, by comma) beside the public internet that webhooks may reach, http too"),
    ] = ""
    faces: Annotated[
        Literal["off", "liveness", "enrolment"],
        Field(description="face checks of our own: off, without kept faces, or with faces enrolled by consent"),
    ] = "off"
    public_url: Annotated[str, Field(description="where customers reach us, for links in answers")] = (
        "http://127.0.0.1:8080"
    )
    body_limit_bytes: Annotated[int, Field(ge=1024, le=65_536, description="longest body that is read")] = 65_536
    console: Annotated[
        bool | None,
        Field(description="the analysts' console under /console; empty: served where one worker answers everything"),
    ] = None
    ip_database: Annotated[
        Path | None, Field(description="MaxMind database (.mmdb) that is asked before the built-in table")
    ] = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library passes them by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="after")
    def _deadlines_fit(self) -> Self:
        if self.velocity_deadline_ms >= self.deadline_ms:
            message = "velocity_deadline_ms must be shorter than deadline_ms: the round trip is a part of the whole"
            raise ValueError(message)
        return self

    @property
    def velocity_deadline(self) -> timedelta:
        """How long the velocity round trip may take."""
        return timedelta(milliseconds=self.velocity_deadline_ms)

    @property
    def sqlite(self) -> bool:
        """Whether the database is SQLite: one API worker then."""
        return self.database_address.startswith("sqlite")

    @property
    def database_address(self) -> str:
        """The database's URL; the embedded default is a file in the data folder."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'lastcall.db'}"

    @property
    def secrets_folder(self) -> Path:
        """Where the secret files are."""
        return self.secrets or self.data / "secrets"

    @property
    def trusted_folder(self) -> Path:
        """Where the public keys are that may sign models."""
        return self.trusted_keys or self.data / "trusted"

    @property
    def bundles_folder(self) -> Path:
        """Where activated bundles are kept."""
        return self.data / "bundles"

    @property
    def embedded(self) -> bool:
        """Whether everything is the embedded default, on which alone a demo model may be made."""
        return self.database_url is None and self.redis_url is None


def load(**given: object) -> Settings:
    """Read the settings; arguments that are None are left to the environment.

    Raises:
        SettingsError: a sentence for each wrong setting, naming its variable.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        sentences = [f"LASTCALL_{'_'.join(map(str, e['loc'])).upper() or '*'}: {e['msg']}" for e in error.errors()]
        raise SettingsError("\n".join(sentences)) from None


def described() -> list[tuple[str, str, str]]:
    """Return every setting as (variable, default, meaning)."""
    return [
        (f"LASTCALL_{name.upper()}", "" if field.default is None else str(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
