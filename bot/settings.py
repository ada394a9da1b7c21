"""Every setting, read once from the environment or `.env`, checked, frozen; secrets are masked wherever they are shown.

The only place that reads the environment. A missing or malformed setting ends in `SettingsError`, which lists all that is
wrong with where to get it, so that one start is enough to learn everything.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

WHERE = {
    "SLACK_BOT_TOKEN": "api.slack.com/apps > your app > OAuth & Permissions > Bot User OAuth Token (xoxb-…)",
    "SLACK_SIGNING_SECRET": "api.slack.com/apps > your app > Basic Information > Signing Secret (HTTP mode)",
    "SLACK_APP_TOKEN": "api.slack.com/apps > your app > Basic Information > App-Level Tokens, scope connections:write (xapp-…)",
    "FUSEDESK_APP": "the APPNAME of your APPNAME.fusedesk.com",
    "FUSEDESK_API_KEY": "FuseDesk > Settings > API Keys, with the scopes reps, departments, cases, cases_create, "
    "cases_update and casetags",
    "DATABASE_URL": "sqlite:///casebot.db, or postgresql://user:password@host/database",
    "FUSEDESK_TIMEZONE": "an IANA name such as Europe/Berlin",
}
ELSEWHERE = "see .env.example"

# pydantic's words for its own errors speak of Python types; these speak of settings.
WORDS = {
    "missing": "is not set",
    "string_pattern_mismatch": "may hold letters, digits and hyphens only",
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be {expected}",
}


class SettingsError(Exception):
    """`problems` is a list of (setting, what is wrong, where to get it)."""

    def __init__(self, problems: list[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {wrong}" for name, wrong, _ in problems))
        self.problems = problems


def _zone(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError) as fault:
        raise ValueError("is not a time zone that this machine knows") from fault


def _with_slash(value: str) -> str:
    return value.rstrip("/") + "/"


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", value):
        raise ValueError("must be an address that begins with https:// (or http://)")
    return value


def _app_name(value: object) -> object:
    """People paste the address of their FuseDesk; its first part is what is meant."""
    if not isinstance(value, str):
        return value
    return re.sub(r"^https?://|\.fusedesk\.com(/.*)?$", "", value.strip(), flags=re.IGNORECASE)


def _one_line(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if re.search(r"\s", text) or not text.isascii():
        raise ValueError("must be one word of plain letters, digits and signs; copy it again")
    return SecretStr(text)


def _database_url(value: SecretStr) -> SecretStr:
    """As SQLAlchemy wants it, with the driver that casebot brings. No refusal quotes it: it may hold a password."""
    url = value.get_secret_value().strip()
    scheme, found, rest = url.partition("://")
    if scheme == "sqlite" and rest.removeprefix("/") not in ("", ":memory:") and rest.startswith("/"):
        return SecretStr(url)
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not found:
        raise ValueError("must begin with sqlite:/// and name a file, or begin with postgresql://")
    if not _has_port_of_digits(url):
        raise ValueError("cannot be read: write signs such as @ / : # in a password as %40 %2F %3A %23")
    return SecretStr(f"postgresql+psycopg://{rest}")


def _has_port_of_digits(url: str) -> bool:
    """Where a password holds a bare / or #, what follows its colon is taken for a port."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


Secret = Annotated[SecretStr, AfterValidator(_one_line)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Read = TypeVar("Read", bound=BaseSettings)


class Kept(BaseSettings):
    """What commands need that look into the database and speak to nobody."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    database_url: Annotated[SecretStr, AfterValidator(_database_url)] = SecretStr("sqlite:///casebot.db")


class Settings(Kept):
    """See `.env.example` for what each means. Seconds everywhere, unless the name says otherwise."""

    slack_bot_token: Secret
    slack_app_token: Secret = SecretStr("")
    slack_signing_secret: Secret = Field(SecretStr(""), validate_default=True)
    slack_api_url: Annotated[WebAddress, AfterValidator(_with_slash)] = "https://slack.com/api/"
    fusedesk_app: Annotated[str, BeforeValidator(_app_name)] = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$")
    fusedesk_api_key: Secret
    fusedesk_base_url: WebAddress | Literal[""] = ""
    fusedesk_timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = ZoneInfo("UTC")
    fusedesk_connect_timeout: float = Field(3.0, gt=0)
    fusedesk_read_timeout: float = Field(20.0, gt=0)
    fusedesk_pause: float = Field(10.0, gt=0)
    host: str = "127.0.0.1"
    port: int = Field(3000, ge=0, le=65535)
    casebot_default_department: str = ""
    casebot_access: Literal["reps", "members"] = "reps"
    casebot_names_ttl: float = Field(600.0, gt=0)
    casebot_cases_ttl: float = Field(30.0, ge=0)
    casebot_takeover: float = Field(15.0, ge=2)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"

    @field_validator("slack_bot_token")
    @classmethod
    def _of_a_bot(cls, token: SecretStr) -> SecretStr:
        if not token.get_secret_value().startswith(("xoxb-", "xoxe.xoxb-")):
            raise ValueError("is not a bot token: those begin with xoxb-")
        return token

    @field_validator("fusedesk_api_key")
    @classmethod
    def _not_blank(cls, key: SecretStr) -> SecretStr:
        if not key.get_secret_value():
            raise ValueError("is not set")
        return key

    @field_validator("slack_app_token")
    @classmethod
    def _of_an_app(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value() and not token.get_secret_value().startswith("xapp-"):
            raise ValueError("is not an app-level token: those begin with xapp-")
        return token

    @field_validator("slack_signing_secret")
    @classmethod
    def _one_way_in(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        app_token = info.data.get("slack_app_token")
        if not secret.get_secret_value() and app_token is not None and not app_token.get_secret_value():
            raise ValueError("is not set (nor SLACK_APP_TOKEN, which Socket Mode would need instead)")
        return secret

    @property
    def socket_mode(self) -> bool:
        return bool(self.slack_app_token.get_secret_value())

    @property
    def fusedesk_url(self) -> str:
        """Where the API is asked, without a slash at the end."""
        return (self.fusedesk_base_url or f"https://{self.fusedesk_app}.fusedesk.com").rstrip("/")


def read_settings(**given: object) -> Settings:
    """Settings from the environment and `.env`; `given` wins over both. Raises SettingsError with every fault at once."""
    return _read(Settings, given)


def read_kept(**given: object) -> Kept:
    """The same for the database's address alone."""
    return _read(Kept, given)


def _read(kind: type[Read], given: dict[str, Any]) -> Read:
    try:
        return kind(**given)
    except ValidationError as fault:
        found = {str(error["loc"][0]).upper(): error for error in reversed(fault.errors(include_url=False, include_input=False))}
        raise SettingsError([(name, _wrong(found[name]), WHERE.get(name, ELSEWHERE)) for name in reversed(found)]) from None


def _wrong(error: Any) -> str:
    words = WORDS.get(error["type"])
    if words is None:
        return str(error["msg"]).removeprefix("Value error, ")
    return words.format(**error.get("ctx", {}))
