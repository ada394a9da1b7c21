"""Operations written as commands: what rides in buttons and list headings. Read again, a command gives the same operation."""

from __future__ import annotations

from bot.dates import written
from bot.keys import SORT
from bot.operations import (
    Call,
    Find,
    Help,
    Link,
    Mine,
    Note,
    Open,
    Operation,
    Pending,
    Refresh,
    RepLink,
    Tag,
    Transfer,
    Untag,
    title_of,
    who,
)
from bot.tokens import MENTION, escape, phrase, value, written_case

_SPANS = ("opened", "assigned", "responded", "updated", "closed")
_SORTED_BY = {column: word for word, column in reversed(SORT.items())}


def render(op: Operation) -> str:
    """The command for the operation, without `/case` and escaped as Slack escapes what people type."""
    match op:
        case Help():
            return f"help {escape(op.topic)}".strip()
        case Pending():
            return "pending"
        case Refresh():
            return "refresh"
        case RepLink():
            return f"rep {op.person} {value(op.rep)}" if op.person else "rep"
        case Mine():
            return f"mine {op.status}".strip()
        case Find():
            return _find(op)
        case Open():
            return _open(op)
    case = f"{op.verb} {written_case(op.case)}"
    match op:
        case Note() | Call():
            alone = "\n" not in op.text and op.title == title_of(op.text)
            text = op.text if alone else f"{op.title}\n{op.text}"
            return f"{case} {escape(text)}"
        case Tag() | Untag():
            return f"{case} {', '.join(map(value, op.tags))}"
        case Transfer():
            return f"{case} to {value(op.to)}"
        case Link():
            return f"{case} {op.contactid or op.contact_uuid}"
    return case


def _find(op: Find) -> str:
    parts = [
        op.email if not op.email or value(op.email) == op.email else f"email:{value(op.email)}",
        phrase(op.words, special="@"),
        *_keys(status=op.status, dept=op.dept, rep=op.rep, tag=op.tag),
        *_keys(contact=op.contact or op.contact_uuid, company=op.company),
        *_keys(**{name: written(days) for name in _SPANS if (days := getattr(op, name))}),
        *_keys(sort=_SORTED_BY.get(op.sort, ""), limit=op.limit),
    ]
    return " ".join(["find", *filter(None, parts)]) if any(parts) else "find status:all"


def _open(op: Open) -> str:
    openedby = "from" if "@" not in op.openedby or MENTION.fullmatch(op.openedby) else "openedby"
    parts = [
        "open",
        phrase(op.summary),
        *_keys(dept=op.dept, rep=op.rep, **{"from": op.email}),
        *_keys(**{openedby: op.openedby}),
        f"tag:{','.join(map(value, op.tags))}" if op.tags else "",
        *_keys(contact=op.contact),
        *_keys(contact=op.contact_uuid),
        *_keys(company=op.company, status=op.status, type=op.type, opened=op.opened, assigned=op.assigned, updated=op.updated),
        "skipcrm:yes" if op.skipcrm else "",
    ]
    return " ".join(filter(None, parts)) + (f"\n{escape(op.details)}" if op.details else "")


def _keys(**values: object) -> list[str]:
    return [f"{key}:{value(str(each))}" for key, each in values.items() if each]


def named(op: Operation, kind: str, typed: str, name: str) -> Operation:
    """The operation with a mistyped name replaced. `kind` is `department`, `rep`, `tag` or `target`, as NameRefused says."""
    match op:
        case Transfer():
            return Transfer(case=op.case, to=_target(op.to, typed, name))
        case Tag():
            return Tag(case=op.case, tags=_replaced(op.tags, typed, name))
        case Untag():
            return Untag(case=op.case, tags=_replaced(op.tags, typed, name))
        case RepLink() if op.person and who(name):
            return RepLink(person=op.person, rep=name)
        case Open() if kind == "tag":
            return Open(**{**dict(op), "tags": _replaced(op.tags, typed, name)})
        case Find() | Open():
            field = {"department": "dept", "rep": "rep", "tag": "tag"}[kind]
            return type(op)(**{**dict(op), field: name})
    return op


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _replaced(names: tuple[str, ...], typed: str, name: str) -> tuple[str, ...]:
    return tuple(name if _same(each, typed) else each for each in names)


def _target(to: str, typed: str, name: str) -> str:
    """One side of `department/rep`, where that was the mistyped one; else the whole."""
    department, slash, rep = to.partition("/")
    if slash and _same(department, typed):
        return f"{name}/{rep.strip()}"
    if slash and _same(rep, typed):
        return f"{department.strip()}/{name}"
    return name
