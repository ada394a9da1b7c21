"""Cards and forms that hold every block and every element that this Slack takes, each text of them the same."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def plain(words: str, limit: int = 75) -> Json:
    return {"type": "plain_text", "text": words[:limit], "emoji": True}


def mrkdwn(words: str) -> Json:
    return {"type": "mrkdwn", "text": words}


def options(words: str) -> list[Json]:
    return [{"text": plain(f"{number} {words}"), "value": str(number), "description": plain(words)} for number in (1, 2)]


def confirm(words: str) -> Json:
    return {"title": plain(words), "text": mrkdwn(words), "confirm": plain(words, 30), "deny": plain(words, 30)}


def elements(words: str) -> list[Json]:
    """What is pressed or chosen in a message."""
    button: Json = {"type": "button", "text": plain(words), "value": words, "accessibility_label": words[:75]}
    selects = [
        {"type": kind, "placeholder": plain(words), "options": options(words)}
        for kind in ("static_select", "multi_static_select")
    ]
    asked = [{"type": kind, "placeholder": plain(words)} for kind in ("external_select", "multi_external_select", "users_select")]
    asked[0]["initial_option"] = {"text": plain(words), "value": words[:75]}
    boxes = [{"type": kind, "options": options(words)} for kind in ("checkboxes", "radio_buttons")]
    pickers = [{"type": kind} for kind in ("datetimepicker",)] + [{"type": "datepicker", "placeholder": plain(words)}]
    return [button, button | {"url": f"https://example.com/?{words}".replace(" ", "%20"), "style": "danger"},
            {"type": "overflow", "options": [{"text": plain(words), "value": "1"}], "confirm": confirm(words)},
            *selects, *asked, *boxes, *pickers]  # fmt: skip


def rich(words: str) -> Json:
    run = {"type": "text", "text": words, "style": {"bold": True}}
    link = {"type": "link", "url": "https://example.com/", "text": words}
    section = {"type": "rich_text_section", "elements": [run, link, {"type": "user", "user_id": "U01JANE"}]}
    return {
        "type": "rich_text",
        "elements": [
            section,
            {"type": "rich_text_quote", "elements": [run]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": words}]},
            {"type": "rich_text_list", "style": "bullet", "elements": [section]},
        ],
    }


def shown(words: str) -> list[Json]:
    """Every block for reading, and every element that a message takes."""
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    picture = {"image_url": "https://example.com/x.png", "alt_text": words}
    return [
        {"type": "header", "text": plain(words, 150)},
        {
            "type": "section",
            "text": mrkdwn(f"{escaped}\n&gt; {escaped}\n```{escaped}```"),
            "accessory": {"type": "image", **picture},
        },
        {"type": "section", "text": mrkdwn(words)},
        {"type": "section", "fields": [plain(words), mrkdwn(escaped)]},
        {"type": "context", "elements": [plain(words), mrkdwn(escaped), {"type": "image", **picture}]},
        {"type": "divider"},
        {"type": "image", **picture, "title": plain(words)},
        rich(words),
        {"type": "actions", "elements": [{"action_id": f"a{at}", **element} for at, element in enumerate(elements(words))]},
    ]


def fields(words: str) -> list[Json]:
    """Every field of a form."""
    typed: list[Json] = [{"type": "plain_text_input", "initial_value": words, "placeholder": plain(words, 150)}]
    typed += [typed[0] | {"multiline": True}, {"type": "email_text_input"}, {"type": "url_text_input"}]
    typed += [{"type": "number_input", "is_decimal_allowed": True}]
    chosen = [element for element in elements(words) if element["type"] not in ("button", "overflow")]
    inputs = [{"action_id": f"f{at}", **element} for at, element in enumerate([*typed, *chosen])]
    return [
        {
            "type": "input",
            "block_id": f"i{at}",
            "label": plain(words, 2000),
            "hint": plain(words, 2000),
            "optional": True,
            "element": one,
        }
        for at, one in enumerate(inputs)
    ]


def form(words: str, kind: str = "modal") -> Json:
    """A modal with all of it; `kind` home for the Home."""
    if kind == "home":
        return {"type": "home", "blocks": [*shown(words), *fields(words)]}
    alert = {"type": "alert", "level": "warning", "text": mrkdwn(words.replace("<", "&lt;"))}
    names = {"title": plain(words, 24), "submit": plain(words, 24), "close": plain(words, 24)}
    return {"type": "modal", **names, "callback_id": "x", "blocks": [alert, *shown(words), *fields(words)]}
