"""Settings: what is read, from where, and what a person is told when something is missing or malformed."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.settings import Settings, SettingsError, read_kept, read_settings

ROOT = Path(__file__).parent.parent
GOOD = {
    "slack_bot_token": "xoxb-secret-1",
    "slack_signing_secret": "secret-2",
    "fusedesk_app": "acme",
    "fusedesk_api_key": "secret-3",
}


def settings_of(**given: object) -> Settings:
    return read_settings(_env_file=None, **{**GOOD, **given})


def problems_of(**given: object) -> dict[str, str]:
    """What is wrong with each setting, by its name."""
    with pytest.raises(SettingsError) as caught:
        settings_of(**given)
    assert len({name for name, _, _ in caught.value.problems}) == len(caught.value.problems)
    return {name: wrong for name, wrong, _ in caught.value.problems}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An empty directory, and an environment with none of casebot's settings."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_the_environment_is_read(bare: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        bare.setenv(name.upper(), value)
    bare.setenv("PORT", "8080")

    settings = read_settings()

    assert settings.fusedesk_app == "acme"
    assert settings.slack_bot_token.get_secret_value() == "xoxb-secret-1"
    assert settings.port == 8080


def test_a_dotenv_file_is_read_and_the_environment_wins_over_it(bare: pytest.MonkeyPatch) -> None:
    lines = [f"{name.upper()}={value}" for name, value in GOOD.items()]
    Path(".env").write_text("\n".join([*lines, "HOST=0.0.0.0", "PORT=1111"]))
    bare.setenv("PORT", "2222")

    settings = read_settings()

    assert (settings.host, settings.port) == ("0.0.0.0", 2222)


def test_every_missing_setting_is_named_at_once_with_where_to_get_it(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings()

    named = {name: (wrong, where) for name, wrong, where in caught.value.problems}
    assert list(named) == ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "FUSEDESK_APP", "FUSEDESK_API_KEY"]
    assert all(wrong.startswith("is not set") for wrong, _ in named.values())
    assert "api.slack.com/apps" in named["SLACK_BOT_TOKEN"][1]
    assert "cases_create" in named["FUSEDESK_API_KEY"][1]
    assert "FUSEDESK_APP: is not set" in str(caught.value)


def test_an_empty_line_in_dotenv_counts_as_not_set(bare: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("SLACK_BOT_TOKEN=\nPORT=\n")

    with pytest.raises(SettingsError) as caught:
        read_settings()

    assert ("SLACK_BOT_TOKEN", "is not set") in [(name, wrong) for name, wrong, _ in caught.value.problems]
    assert "PORT" not in str(caught.value)


def test_the_example_file_names_every_setting_and_no_other() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()

    named = [line.lstrip("#").partition("=")[0] for line in lines if "=" in line and " " not in line.partition("=")[0]]

    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)


def test_the_example_file_shows_the_defaults() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    shown = dict(line[1:].split("=", 1) for line in lines if line.startswith("#") and "=" in line and line[1] != " ")

    defaults = {name: bare_value(getattr(settings_of(), name.lower())) for name in shown}

    assert {name: value.removesuffix(".0") for name, value in defaults.items()} == shown


def bare_value(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("sqlite:////var/lib/casebot/casebot.db", "sqlite:////var/lib/casebot/casebot.db"),
        ("postgresql://u:p%40ss@db.example.com/casebot", "postgresql+psycopg://u:p%40ss@db.example.com/casebot"),
        ("postgres://u:p@db.example.com:5432/casebot?sslmode=require", "postgresql+psycopg://u:p@db.example.com:5432/casebot?sslmode=require"),
        (" postgresql+psycopg:///casebot ", "postgresql+psycopg:///casebot"),
    ],
)  # fmt: skip
def test_the_database_may_be_a_file_or_a_postgresql(typed: str, kept: str) -> None:
    assert settings_of(database_url=typed).database_url.get_secret_value() == kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("mysql://u:hidden@db/casebot", "postgresql://"),
        ("postgresql+asyncpg://u:hidden@db/casebot", "postgresql://"),
        ("hidden.db", "sqlite:///"),
        ("postgresql:hidden", "postgresql://"),
        ("sqlite://", "name a file"),
        ("sqlite:///", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("sqlite://hidden.db", "name a file"),
        ("postgresql://u:hidden/hidden@db/casebot", "%2F"),
        ("postgresql://u:hidden#x@db/casebot", "%23"),
        ("postgresql://u:p@db:hidden/casebot", "%3A"),
        ("postgresql://u:p@[hidden/casebot", "%40"),
    ],
)
def test_another_database_is_refused_in_words_that_do_not_quote_its_password(typed: str, words: str) -> None:
    problems = problems_of(database_url=typed)

    assert words in problems["DATABASE_URL"]
    assert "hidden" not in str(problems)


def test_the_password_of_the_database_is_not_shown() -> None:
    settings = settings_of(database_url="postgresql://u:secret-5@db/casebot")

    assert "secret-5" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_the_database_s_address_is_read_without_the_other_settings(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("DATABASE_URL", "sqlite:///other.db")

    assert read_kept().database_url.get_secret_value() == "sqlite:///other.db"


def test_an_app_token_switches_socket_mode_on_and_makes_the_signing_secret_needless() -> None:
    settings = settings_of(slack_signing_secret="", slack_app_token="xapp-1")

    assert settings.socket_mode
    assert not settings_of().socket_mode


def test_without_any_way_in_the_signing_secret_is_asked_for() -> None:
    assert "SLACK_APP_TOKEN" in problems_of(slack_signing_secret="")["SLACK_SIGNING_SECRET"]


def test_a_malformed_app_token_is_not_blamed_on_the_signing_secret() -> None:
    assert list(problems_of(slack_signing_secret="", slack_app_token="xoxb-1")) == ["SLACK_APP_TOKEN"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("slack_bot_token", "xoxp-1", "begin with xoxb-"),
        ("slack_bot_token", "xoxb-1 xoxb-2", "copy it again"),
        ("slack_bot_token", "xoxb-“1”", "copy it again"),
        ("slack_app_token", "xoxb-1", "begin with xapp-"),
        ("slack_api_url", "slack.com/api", "https://"),
        ("slack_api_url", "https://[", "Invalid IPv6 URL"),
        ("fusedesk_app", "acme desk", "letters, digits and hyphens"),
        ("fusedesk_app", "", "letters, digits and hyphens"),
        ("fusedesk_app", 7, "valid string"),
        ("fusedesk_api_key", "  ", "is not set"),
        ("fusedesk_base_url", "ftp://acme", "https://"),
        ("fusedesk_base_url", "https:///path", "https://"),
        ("fusedesk_timezone", "Mars/Olympus", "is not a time zone"),
        ("fusedesk_timezone", "../etc/passwd", "is not a time zone"),
        ("fusedesk_read_timeout", "0", "must be more than 0"),
        ("fusedesk_connect_timeout", "soon", "must be a number"),
        ("port", "70000", "must be at most 65535"),
        ("port", "-1", "must be at least 0"),
        ("port", "http", "must be a whole number"),
        ("log_format", "xml", "must be 'text' or 'json'"),
    ],
)
def test_a_malformed_setting_is_refused_by_name_and_in_words(name: str, value: object, words: str) -> None:
    problems = problems_of(**{name: value})

    assert list(problems) == [name.upper()]
    assert words in problems[name.upper()]


@pytest.mark.parametrize("typed", ["acme", "acme.fusedesk.com", "https://acme.fusedesk.com/app/#cases", " ACME.FuseDesk.com "])
def test_the_app_may_be_given_as_its_address(typed: str) -> None:
    assert settings_of(fusedesk_app=typed).fusedesk_url.lower() == "https://acme.fusedesk.com"


def test_addresses_are_brought_into_one_form() -> None:
    settings = settings_of(slack_api_url="http://127.0.0.1:9/api", fusedesk_base_url="http://127.0.0.1:8/")

    assert settings.slack_api_url == "http://127.0.0.1:9/api/"
    assert settings.fusedesk_url == "http://127.0.0.1:8"


def test_a_time_zone_may_be_given_as_one() -> None:
    assert settings_of(fusedesk_timezone=ZoneInfo("Europe/Berlin")).fusedesk_timezone.key == "Europe/Berlin"


def test_settings_cannot_be_changed_afterwards() -> None:
    settings = settings_of()

    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]


def test_secrets_are_not_shown() -> None:
    settings = settings_of(slack_app_token="xapp-secret-4")

    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"

    assert "secret-" not in shown


@given(st.text(min_size=1))
def test_no_refusal_quotes_what_was_set(value: str) -> None:
    marked = f"xoxp-hidden{value}"

    try:
        settings_of(slack_bot_token=marked, slack_app_token=marked)
    except SettingsError as error:
        told = f"{error} {error.problems}"

    assert "hidden" not in told
