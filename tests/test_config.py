"""Settings: variables, aliases, one TOML file, and every fault at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from finops_lake.azure_api.clouds import cloud_of
from finops_lake.config import ALIASES, PREFIX, Settings, default_home, load_settings
from finops_lake.errors import ConfigError

DOCS = Path(__file__).resolve().parents[1] / "docs"


def load(home: Path, **environment: str) -> Settings:
    return load_settings({"FINOPS_LAKE_HOME": str(home), **environment})


def test_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.home == tmp_path
    assert settings.published_path == tmp_path / "finops.duckdb"
    assert (settings.workers, settings.history_months, settings.max_wait_seconds) == (5, 13, 20)
    assert settings.utc_now().tzinfo is UTC
    assert load_settings({}).home == default_home()


def test_variables_win_over_the_file_and_own_names_over_aliases(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('workers = 2\nsubscriptions = ["a", "b"]\nregions = "westeurope, eastus"\n')
    settings = load(tmp_path, AZURE_MAX_WORKERS="3", FINOPS_LAKE_WORKERS="4")
    assert settings.workers == 4
    assert settings.subscriptions == ("a", "b")
    assert settings.regions == ("westeurope", "eastus")
    assert load(tmp_path, AZURE_MAX_WORKERS="3").workers == 3


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("AZURE_SUBSCRIPTION_ID", "x", "subscriptions", ("x",)),
        ("AZURE_SUBSCRIPTION_IDS", "x, y", "subscriptions", ("x", "y")),
        ("AZURE_RESOURCE_GROUP_PATTERNS", "rg-*", "resource_groups", ("rg-*",)),
        ("AZURE_DEFAULT_REGIONS", "eastus", "regions", ("eastus",)),
        ("AZURE_MAX_WORKERS", "7", "workers", 7),
        ("AZURE_REQUEST_TIMEOUT", "30", "request_timeout_seconds", 30),
        ("AZURE_CACHE_TTL", "300", "max_age_seconds", 300),
        ("AZURE_ENABLE_CACHE", "false", "max_age_seconds", 0),
        ("AZURE_ENABLE_CACHE", "true", "max_age_seconds", None),
        (
            "AZURE_MANAGEMENT_URL",
            "management.usgovcloudapi.net",
            "arm_endpoint",
            "https://management.usgovcloudapi.net",
        ),
        ("AZURE_MAX_RETRIES", "3", "max_retries", 3),
        ("AZURE_LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("AZURE_DETAILED_LOGGING", "true", "log_requests", True),
        ("AZURE_AUTHORITY_HOST", "login.microsoftonline.us", "authority_host", "https://login.microsoftonline.us"),
    ],
)
def test_the_predecessors_names_are_accepted(
    tmp_path: Path, variable: str, text: str, name: str, value: object
) -> None:
    assert getattr(load(tmp_path, **{variable: text}), name) == value


def test_a_known_management_address_brings_its_own_audience(tmp_path: Path) -> None:
    cloud = cloud_of(load(tmp_path, AZURE_MANAGEMENT_URL="https://management.usgovcloudapi.net"))
    assert cloud.scope == "https://management.core.usgovcloudapi.net/.default"


def test_the_clock_can_be_fixed(tmp_path: Path) -> None:
    now = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert load(tmp_path, FINOPS_LAKE_NOW="2026-11-23T09:30:00+01:00").utc_now() == now
    assert load(tmp_path, FINOPS_LAKE_NOW="2026-11-23T08:30:00").utc_now() == now


def test_all_faults_are_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('history_months = 0\ncolour = "red"\n')
    with pytest.raises(ConfigError) as caught:
        load(
            tmp_path,
            FINOPS_LAKE_WORKERS="many",
            FINOPS_LAKE_ARM_ENDPOINT="http://plain",
            FINOPS_LAKE_CA_BUNDLE="/nowhere.pem",
            FINOPS_LAKE_TYPO="1",
            FINOPS_LAKE_CLOUD="mars",
        )
    faults = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 7
    for expected in (
        r"FINOPS_LAKE_WORKERS: 'many' cannot be used",
        r"FINOPS_LAKE_ARM_ENDPOINT: 'http://plain' cannot be used: an https address is needed",
        r"FINOPS_LAKE_CA_BUNDLE: .*there is no such file",
        r"FINOPS_LAKE_TYPO: there is no such setting",
        r"FINOPS_LAKE_CLOUD: 'mars'.*'public', 'usgov' or 'china'",
        r"config.toml: history_months: 0 cannot be used",
        r"config.toml: colour: there is no such setting",
    ):
        assert re.search(expected, faults), expected


def test_a_broken_or_missing_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("workers = = 2")
    with pytest.raises(ConfigError, match=r"config.toml: not valid TOML"):
        load(tmp_path)
    with pytest.raises(ConfigError, match=r"FINOPS_LAKE_CONFIG: .*absent.toml does not exist"):
        load(tmp_path, FINOPS_LAKE_CONFIG=str(tmp_path / "absent.toml"))
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_settings_are_frozen(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(tmp_path).workers = 9  # type: ignore[misc]


def test_every_setting_is_documented() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"`{PREFIX}{name.upper()}`" in text, f"{name} is missing from docs/operations.md"
        assert field.description, name
    for names in ALIASES.values():
        for name in names:
            assert f"`{name}`" in text, f"{name} is missing from docs/operations.md"
