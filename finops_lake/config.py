"""Settings: FINOPS_LAKE_* variables first, then the AZURE_* names known from the predecessor, then one TOML file.

The file is `$FINOPS_LAKE_CONFIG`, else `config.toml` in the home; its keys are the names of the fields below.
Lists are written as TOML lists, or as comma-separated text in a variable.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, field_validator

from finops_lake.alert_rules import AlertRule, Channel, faults_between, variable_of
from finops_lake.errors import ConfigError
from finops_lake.local_budgets import CheckFilter, LocalBudget, check_names
from finops_lake.scopes import kind_of, normal_scope
from finops_lake.when import When, known_zone, when_of

PREFIX = "FINOPS_LAKE_"

ALIASES = {
    "subscriptions": ("AZURE_SUBSCRIPTION_IDS", "AZURE_SUBSCRIPTION_ID"),
    "resource_groups": ("AZURE_RESOURCE_GROUP_PATTERNS",),
    "regions": ("AZURE_DEFAULT_REGIONS",),
    "workers": ("AZURE_MAX_WORKERS",),
    "request_timeout_seconds": ("AZURE_REQUEST_TIMEOUT",),
    "max_age_seconds": ("AZURE_CACHE_TTL",),
    "arm_endpoint": ("AZURE_MANAGEMENT_URL",),
    "max_retries": ("AZURE_MAX_RETRIES",),
    "log_level": ("AZURE_LOG_LEVEL",),
    "log_requests": ("AZURE_DETAILED_LOGGING",),
    "authority_host": ("AZURE_AUTHORITY_HOST",),
}
"""Names that other tools gave these settings; our own name wins where both are set."""

NEVER_IN_A_FILE = ("http_token",)
"""Secrets: config.toml is copied, shown and checked in."""

CACHE_SWITCH = "AZURE_ENABLE_CACHE"
PUBLIC_PRICES = "https://prices.azure.com/api/retail/prices"

NO = frozenset({"0", "false", "no", "off"})
"""The predecessor's cache, switched off, means that everything is stale at once: a maximal age of 0."""

YES = frozenset({"1", "true", "yes", "on"})


def _listed(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]

LogFormat = Annotated[
    Literal["text", "json"], BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
]

Moment = Annotated[When | None, BeforeValidator(when_of)]


class Schedule(BaseModel):
    """The table [schedule]: every other key is a group of raw tables, or one, with when it is refreshed.

    What stands in it is added to the defaults of finops_lake.schedule.jobs; `off` takes a group out.
    """

    model_config = ConfigDict(frozen=True, extra="allow", arbitrary_types_allowed=True)
    __pydantic_extra__: dict[str, Moment] = Field(init=False)

    enabled: bool = Field(True, description="Whether anything is scheduled at all.")
    in_server: bool = Field(True, description="Whether `finops-lake serve` refreshes by the schedule, too.")
    jitter_seconds: int = Field(60, ge=0, le=3600, description="Longest random wait before a run, to spread load.")
    wait_seconds: int = Field(900, ge=0, le=86_400, description="Longest wait for another process that refreshes.")
    time_zone: str = Field("UTC", description="Time zone of cron fields: an IANA name, or local.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return value if value == "local" else known_zone(value)

    @property
    def moments(self) -> Mapping[str, When | None]:
        """What was configured, by group or table; None for off."""
        return self.__pydantic_extra__ or {}


def _switched(value: object) -> object:
    """Let a variable switch the schedule as a whole."""
    if isinstance(value, str) and value.strip().lower() in NO | YES:
        return {"enabled": value.strip().lower() in YES}
    return value


def _switched_off(value: object) -> object:
    """Let a variable switch all alerts off; rules are tables of the file."""
    if isinstance(value, str):
        if value.strip().lower() not in NO:
            raise ValueError("the variable only switches alerts off; rules are tables [[alerts]] of config.toml")
        return ()
    return value


class Settings(BaseModel):
    """Everything a user can set; values are frozen after loading. Seconds are seconds, instants are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(description="Folder of the lake; the file everybody reads is finops.duckdb in it.")
    subscriptions: Names = Field((), description="Subscription ids or names to read; empty: all that are found.")
    budget_scopes: Names = Field((), description="More ARM scopes whose budgets are read, beside subscriptions.")
    budgets: tuple[LocalBudget, ...] = Field(
        (),
        description="Local budgets beside those of Azure, as tables [[budgets]] of the file.",
    )
    exports: Names = Field(
        (),
        repr=False,
        description="Files, folders and storage containers with bills (exports, FOCUS), read by each refresh.",
    )
    scopes: Names = Field(
        (), description="More ARM scopes whose cost is read: billing accounts, management groups, resource groups ..."
    )
    cost_source: Literal["auto", "exports", "cost_details", "usage_details", "query"] = Field(
        "auto", description="Where cost comes from; auto takes for each scope the richest source that works there."
    )
    allocation: Path | None = Field(
        None, description="TOML file of virtual tags and shared cost; default: allocation.toml in the home."
    )
    business: Path | None = Field(
        None, description="Folder of business figures and exchange rates; default: business in the home."
    )
    exclusions: Path | None = Field(
        None, description="TOML file of findings that do not count; default: exclusions.toml in the home."
    )
    checks: Path | None = Field(None, description="Folder of your own audit checks; default: checks in the home.")
    cache: Path | None = Field(
        None, description="Folder for what can be made again at any time; default: the user's cache folder."
    )
    resource_groups: Names = Field(
        (), description="Resource group patterns (with * and ?) an audit looks at by default."
    )
    regions: Names = Field((), description="Regions an audit looks at by default; empty: all.")
    cloud: Literal["public", "usgov", "china"] = Field("public", description="Which Azure: public, usgov or china.")
    arm_endpoint: str | None = Field(None, description="Address of another Azure Resource Manager (https).")
    arm_scope: str | None = Field(
        None, description="Token scope for arm_endpoint; default: the endpoint with /.default."
    )
    authority_host: str | None = Field(None, description="Address of another sign-in authority (https).")
    ca_bundle: Path | None = Field(
        None, description="PEM file of certificate authorities to trust, for all calls to Azure."
    )
    interactive_sign_in: bool = Field(False, description="Allow a browser sign-in when nothing else works.")
    now: datetime | None = Field(None, description="Fixes the clock to this ISO instant, for demos and tests.")
    workers: int = Field(5, ge=1, le=32, description="Scopes read from Azure at the same time.")
    history_months: int = Field(13, ge=1, le=84, description="Calendar months of cost to hold, the open one included.")
    max_wait_seconds: float = Field(20, ge=0, le=600, description="Longest time an answer waits for a refresh.")
    max_age_seconds: float | None = Field(
        None, ge=0, description="Age at which any table counts as stale; default: each table's own."
    )
    refresh_on_demand: bool = Field(True, description="Refresh stale tables before answering.")
    request_timeout_seconds: float = Field(60, gt=0, le=600, description="Longest wait for one reply of Azure.")
    refresh_deadline_seconds: float = Field(
        3600, gt=0, description="Longest time one refresh may take, waits included."
    )
    pace_calls: bool = Field(
        True, description="Keep to Azure's published limits ahead of its refusals; off for an Azure without any."
    )
    max_retries: int = Field(6, ge=0, le=50, description="Times one call is repeated after a throttle or an outage.")
    retail_prices: bool = Field(True, description="Ask Microsoft's public price list for the prices of what is in use.")
    retail_prices_endpoint: str | None = Field(
        None, description="Address of another price list (https); default: the public one, for the public Azure only."
    )
    price_sheet: bool = Field(False, description="Read the price sheet of Enterprise Agreements, once in 30 days.")
    metrics: bool = Field(False, description="Ask Azure Monitor how much machines, databases and gateways are used.")
    metrics_endpoint: str | None = Field(
        None, description="Address of another Azure Monitor (https, {region} in it); default: the cloud's."
    )
    metrics_scope: str | None = Field(
        None, description="Token scope for metrics_endpoint; default: its host with /.default."
    )
    log_level: LogLevel = Field("WARNING", description="DEBUG, INFO, WARNING or ERROR; the log goes to stderr.")
    log_format: LogFormat = Field("text", description="text, or json: one JSON object per line.")
    log_requests: bool = Field(False, description="Log each request to Azure (no bodies, no tokens).")

    http_host: str = Field("127.0.0.1", description="Address that serve --transport http listens on.")
    http_port: int = Field(8765, ge=0, le=65535, description="Port it listens on; 0: any free one.")
    http_token: SecretStr | None = Field(None, description="Bearer token callers must show; never in a file.")
    http_token_file: Path | None = Field(None, description="File of mode 0600 that holds the token instead.")
    http_allowed_hosts: Names = Field((), description="More names (Host headers) it is called by.")
    http_allowed_origins: Names = Field((), description="Web origins (https://...) whose pages may call it.")
    http_certificate: Path | None = Field(None, description="PEM file of its TLS certificate; default: plain HTTP.")
    http_key: Path | None = Field(None, description="PEM file of the certificate's key.")
    schedule: Annotated[Schedule, BeforeValidator(_switched)] = Field(
        Schedule.model_validate({}),
        description="When what is refreshed; a variable switches it on or off, the table says more.",
    )
    channels: Mapping[str, Channel] = Field(
        {}, description="Webhooks that alerts go to, by name; tables [channels.NAME] of the file only."
    )
    alerts: Annotated[tuple[AlertRule, ...], BeforeValidator(_switched_off)] = Field(
        (), description="What somebody is told of after a refresh; a variable only switches it off."
    )
    usage_days: int = Field(90, ge=1, le=3660, description="Days for which calls to Azure and answers are remembered.")

    @field_validator("arm_endpoint", "authority_host", "retail_prices_endpoint", "metrics_endpoint")
    @classmethod
    def _https_only(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = value if "://" in value else f"https://{value}"
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("an https address is needed, because a token is sent there")
        return url.rstrip("/")

    @field_validator("metrics_endpoint")
    @classmethod
    def _by_region(cls, value: str | None) -> str | None:
        if value is not None and value.count("{region}") != 1:
            raise ValueError("{region} is needed in it once, because each region answers for itself")
        return value

    @field_validator("scopes")
    @classmethod
    def _cost_scopes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for scope in value:
            kind_of(scope)
        return tuple(dict.fromkeys(normal_scope(scope) for scope in value))

    @field_validator("budgets")
    @classmethod
    def _told_apart(cls, value: tuple[LocalBudget, ...]) -> tuple[LocalBudget, ...]:
        check_names(value)
        return value

    @field_validator("now")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value).astimezone(UTC)

    @field_validator("ca_bundle", "http_certificate", "http_key")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("there is no such file")
        return value

    @property
    def published_path(self) -> Path:
        """Where the file that everybody reads lies."""
        return self.home / "finops.duckdb"

    @property
    def price_list(self) -> str | None:
        """The address of the price list to ask; None: none is asked, as for another Azure without a list of its own."""
        if not self.retail_prices:
            return None
        is_public = self.cloud == "public" and self.arm_endpoint is None
        return self.retail_prices_endpoint or (PUBLIC_PRICES if is_public else None)

    @property
    def allocation_path(self) -> Path:
        """Where the rules of virtual tags and shared cost are."""
        return (self.allocation or self.home / "allocation.toml").expanduser()

    @property
    def business_path(self) -> Path:
        """Where the user's business figures and exchange rates are."""
        return (self.business or self.home / "business").expanduser()

    @property
    def exclusions_path(self) -> Path:
        """Where the exclusions of findings are."""
        return (self.exclusions or self.home / "exclusions.toml").expanduser()

    @property
    def checks_path(self) -> Path:
        """Where the user's own audit checks are."""
        return (self.checks or self.home / "checks").expanduser()

    @property
    def cache_path(self) -> Path:
        """Where what can be made again is kept, for all homes of the user."""
        return (self.cache or platformdirs.user_cache_path("finops-lake", appauthor=False)).expanduser()

    def utc_now(self) -> datetime:
        """Return the instant to work with: the fixed clock where one is set, else the machine's, in UTC."""
        return self.now or datetime.now(UTC)


def default_home() -> Path:
    """Return the folder used when FINOPS_LAKE_HOME is not set."""
    return platformdirs.user_data_path("finops-lake", appauthor=False)


def load_settings(environment: Mapping[str, str] | None = None, *, check_filter: CheckFilter | None = None) -> Settings:
    """Return the settings of this environment; `check_filter` says whether filters of budgets can be applied.

    Raises ConfigError with every fault at once, each naming its variable, or its file and key.
    """
    environment = os.environ if environment is None else environment
    home = Path(environment.get(f"{PREFIX}HOME") or default_home()).expanduser()
    path = Path(environment.get(f"{PREFIX}CONFIG") or home / "config.toml").expanduser()
    values, places, faults = _read_file(path, required=f"{PREFIX}CONFIG" in environment)
    for name in Settings.model_fields:
        found = _variable(name, environment)
        if found is not None:
            places[name] = found
            values[name] = environment[found]
    if "max_age_seconds" not in values and environment.get(CACHE_SWITCH, "").strip().lower() in NO:
        places["max_age_seconds"], values["max_age_seconds"] = CACHE_SWITCH, 0
    values.setdefault("home", home)
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {f"{PREFIX}CONFIG"}
    known |= _give_addresses(values.get("channels"), environment)
    faults += [
        f"{name}: there is no such setting" for name in environment if name.startswith(PREFIX) and name not in known
    ]
    try:
        settings = Settings.model_validate(values, context={"check_filter": check_filter})
    except ValidationError as error:
        raise ConfigError(faults + [_fault(item, places) for item in error.errors()]) from error
    if faults:
        raise ConfigError(faults)
    return settings


def _give_addresses(channels: object, environment: Mapping[str, str]) -> set[str]:
    """Give each channel the address that its variable holds, and return the names of these variables."""
    tables = (
        {name: table for name, table in channels.items() if isinstance(table, dict)}
        if isinstance(channels, dict)
        else {}
    )
    for name, table in tables.items():
        if environment.get(variable_of(name)):
            table["address"] = SecretStr(environment[variable_of(name)])
    return {variable_of(name) for name in tables}


def _variable(name: str, environment: Mapping[str, str]) -> str | None:
    names = (PREFIX + name.upper(), *ALIASES.get(name, ()))
    return next((candidate for candidate in names if environment.get(candidate)), None)


def _read_file(path: Path, *, required: bool) -> tuple[dict[str, object], dict[str, str], list[str]]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}, {}, [f"{PREFIX}CONFIG: {path} does not exist"] if required else []
    except (OSError, UnicodeDecodeError) as error:
        return {}, {}, [f"{path}: cannot be read ({error})"]
    except tomllib.TOMLDecodeError as error:
        return {}, {}, [f"{path}: not valid TOML: {error}"]
    faults = [f"{path}: {key}: give it as a variable, or its file" for key in NEVER_IN_A_FILE if values.pop(key, None)]
    faults += faults_between(path, values)
    return values, {key: f"{path}: {key}" for key in values}, faults


def _fault(item: Mapping[str, object], places: Mapping[str, str]) -> str:
    location = [*item["loc"]] if isinstance(item["loc"], tuple) else []
    place = places.get(str(location[0]), str(location[0])) if location else "configuration"
    for part in location[1:]:
        place = f"{place} {part + 1}" if isinstance(part, int) else f"{place}.{part}"
    if item["type"] == "extra_forbidden":
        return f"{place}: there is no such setting"
    if item["type"] == "missing":
        return f"{place}: it is needed"
    message = str(item["msg"]).removeprefix("Value error, ")
    if location and location[0] in ("alerts", "channels"):  # an address in the wrong place is a secret all the same
        return f"{place}: {message}"
    return f"{place}: {item['input']!r} cannot be used: {message}"
