"""The invented world that the FuseDesk stand-in starts with: departments, reps, tags, companies, contacts, cases, histories.

All people and firms are made up and live at example.com and example.org. The same seed, number of cases and moment give the
same world. A few cases are odd on purpose: markup, other scripts, no rep, no contact.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from anyascii import anyascii

from simulator.fusedesk_store import stored

Table = tuple[str, Sequence[str], Iterable[Sequence[Any]]]

FIRST_CASE = 1001
JANES_CONTACT = 77
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"

DEPARTMENTS = [
    (268, "Support", False, (1, 2, 3, 4)),
    (269, "Billing", False, (1, 5, 6)),
    (270, "Sales", False, (3, 6, 7, 8)),
    (271, "Technical Support", False, (2, 4, 9, 10, 11)),
    (272, "Onboarding", False, (7, 10)),
    (273, "Returns & Repairs", False, (5, 8, 12)),
    (250, "Fax Desk", True, ()),
]
REPS = [
    (1, "Jane", "Doe", True),
    (2, "Zoë", "Müller", True),
    (3, "José", "García", True),
    (4, "Mai", "Nguyễn", True),
    (5, "Olu", "Adeyemi", True),
    (6, "Søren", "Ødegård", True),
    (7, "Priya", "Raghavan", True),
    (8, "Łukasz", "Wójcik", True),
    (9, "美咲", "田中", True),
    (10, "Fatima", "al-Zahra", True),
    (11, "Jan", "Novák", False),
    (12, "Siobhán", "O'Brien", False),
]
TAGS = [
    "Bug",
    "Hardware",
    "Invoice",
    "Refund",
    "Urgent",
    "Feature Request",
    "VIP",
    "Waiting for Vendor",
    "Complaint",
    "Login",
    "Shipping",
    "Training",
    "Churn Risk",
    "Printer",
    "Follow-up",
]
COMPANIES = """Alder & Finch|Blue Harbour Dental|Café Miró|Delta Freight|Edelweiss Outdoor|Fern Street Books|Granite Gym|
Hokkaido Teas|Iris Optics|Juniper Yoga|Kestrel Cycles|Lagos Solar|Maple Accounting|Northwind Kayaks|Olive & Sons|
Pampas Leather|Quill Stationery|Riga Timber|Saffron Kitchen|Tidewater Inn|Umbra Studios|Vesper Lighting|Willow Nursery|
Xenia Hotels|Yarrow Pharmacy|Zephyr Drones|Amber Clinic|Birch Legal|Cobalt Games|Dune Tours""".replace("\n", "").split("|")
FIRST_NAMES = [
    "Jane",
    "Amara",
    "Björn",
    "Chloé",
    "Dmitri",
    "Elena",
    "Farid",
    "Grace",
    "Hiro",
    "Ingrid",
    "Jamal",
    "Katarzyna",
    "Liam",
    "Mei",
    "Nadia",
    "Óscar",
    "Paulo",
    "Quynh",
    "Renée",
    "Sanjay",
    "Tomáš",
    "Ute",
    "Valentina",
    "Wanjiru",
    "Ximena",
    "Yusuf",
    "Zofia",
    "Aisha",
    "Bruno",
    "Céline",
]
LAST_NAMES = [
    "Abbott",
    "Bakker",
    "Castillo",
    "Dubois",
    "Eriksson",
    "Fischer",
    "Gonçalves",
    "Hassan",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Mbeki",
    "Nakamura",
    "Okafor",
    "Petrov",
    "Quintero",
    "Rossi",
    "Schäfer",
    "Takahashi",
    "Ueda",
    "Vargas",
    "Whitfield",
    "Xu",
    "Yılmaz",
    "Zhang",
    "Ahmed",
    "Bianchi",
    "Cohen",
    "Miller",
]

# Department, summary, how the customer puts it, what a rep notes, tags. {it} is the thing that the case is about.
Topic = tuple[int, str, str, str, tuple[int, ...]]
TOPICS: list[Topic] = [
    (268, "Cannot log in to {it}", "My password for {it} stopped working this morning, and the reset email never comes.",
     "Reset link was in the spam folder. Sent a new one.", (10,)),
    (268, "{it} sends every notification twice", "Since Tuesday my whole team gets each message from {it} two times.",
     "Two webhooks point at the same place. Asked which of them may go.", (1,)),
    (268, "How do I add a colleague to {it}?", "We hired two people and I cannot find where to invite them to {it}.",
     "Walked through Settings > People on a call.", (12,)),
    (268, "Export from {it} is missing columns", "The CSV export of {it} no longer has the phone and country columns.",
     "Reproduced with the customer's own filter.", (1, 15)),
    (268, "Change of address for {it}", "We move on the first of next month. Please update our address for {it}.",
     "New address entered, confirmation requested.", ()),
    (269, "Charged twice for {it}", "My card statement shows two charges for {it}, a minute apart.",
     "Second charge is a pending authorisation. Explained, will look again on Friday.", (3, 4)),
    (269, "Invoice for {it} lacks our tax number", "Our accountant sends the invoice for {it} back: no tax number.",
     "Tax number stored, invoice issued again.", (3,)),
    (269, "Please cancel our plan for {it}", "We close the shop at the end of the season and no longer need {it}.",
     "Offered a pause for the winter.", (13,)),
    (269, "Refund for {it} has not arrived", "You promised the refund for {it} within ten days. It has been three weeks.",
     "Bank returned the transfer: the account is closed. Asked for another.", (4, 9)),
    (270, "Quote for {it}, 25 seats", "Could you send a quote for {it} with 25 seats, paid yearly?",
     "Quote sent, valid for 30 days.", ()),
    (270, "Does {it} work offline?", "Our crews have no reception. Before we buy {it}: what works offline?",
     "Sent the comparison sheet and offered a demonstration.", (6,)),
    (270, "Non-profit discount for {it}", "We are a registered charity. Is there a discount on {it}?",
     "Asked for the registration document.", ()),
    (271, "{it} shows a white page after the update", "After last night's update {it} is a white page in every browser.",
     "An extension blocks the new script. Workaround given, engineering told.", (1, 5)),
    (271, "Printer on fire next to {it}", "Not quite on fire, but it smokes when we print labels from {it}.",
     "Told them to unplug it. Replacement unit ordered.", (2, 14, 5)),
    (271, "{it} loses its connection every hour", "On the hour, {it} disconnects for a minute. Router and cables are new.",
     "A scheduled backup fills the uplink. Suggested another time.", (2,)),
    (271, "API answers 500 when {it} is archived", "Your API gives us a 500 for each archived record of {it}.",
     "Reproduced, ticket with engineering.", (1, 8)),
    (271, "{it} is slow on Mondays", "Every Monday between nine and ten {it} takes half a minute for each click.",
     "Collected timings from three offices.", (15,)),
    (272, "Kick-off for {it}", "We signed last week. When can we start with {it}, and who should be there?",
     "Kick-off planned, agenda sent.", (12,)),
    (272, "Import of old records into {it}", "We have 40,000 records in spreadsheets that should go into {it}.",
     "Sample of 200 rows imported without faults.", ()),
    (272, "Second training for {it}", "Half of the team was ill. Can we repeat the training on {it}?",
     "Two dates offered.", (12, 7)),
    (273, "Wrong size delivered with {it}", "The order with {it} had the medium bracket. We ordered the large one.",
     "Return label sent, large bracket shipped.", (11,)),
    (273, "{it} arrived broken", "The box was dented and {it} rattles. Pictures are attached.",
     "Claim opened with the carrier.", (11, 9)),
    (273, "Where is the repair of {it}?", "We sent {it} in three weeks ago and have heard nothing.",
     "Waiting for a part from the vendor.", (8,)),
]  # fmt: skip
THINGS = """the booking calendar|the label printer|the customer portal|the mobile app|order 48213|the loyalty cards|
the point-of-sale terminal|the newsletter|the price list|the warehouse scanner|the yearly plan|the reporting page|
the web shop|order 50977|the phone system|the meeting room display""".replace("\n", "").split("|")
ODD = {
    3: (
        "<!channel> *bold* _total_ ~wrong~ & `code` <script>alert(1)</script>",
        "> quoted line\n<@U123> see <https://example.com|here>",
    ),
    17: ("لا أستطيع تسجيل الدخول إلى حسابي", "مرحبا، كلمة المرور لا تعمل منذ الصباح. شكرا لكم"),
    29: ("請求書の住所を変更してください", "来月から新しい事務所に移ります。請求書の住所を更新してください。"),
    41: ("🔥🔥 The 👩‍👩‍👧 family plan is gone 😱", "It was there yesterday 🙈\n\n\nNow it is not."),
    53: ("Re: Re: Fwd: " + "a very long subject that goes on and on " * 12, "See the subject. " * 400),
}


class Person(NamedTuple):
    contactid: int
    uuid: str
    name: str
    email: str
    companyid: int | None


def world(cases: int, seed: int, now: datetime) -> list[Table]:
    """Every table with its rows, with `cases` cases, the newest of them opened just before `now`."""
    random = Random(f"casebot {seed}")
    people = _people(random, max(120, cases // 10))
    rows, tagged, history = _cases(random, cases, seed, people, now)
    members = [(departmentid, userid) for departmentid, _, _, userids in DEPARTMENTS for userid in userids]
    return [
        ("departments", ("departmentid", "name", "archived"), [row[:3] for row in DEPARTMENTS]),
        ("members", ("departmentid", "userid"), members),
        ("reps", ("userid", "firstname", "lastname", "active", "email"), [(*rep, rep_email(rep[1], rep[2])) for rep in REPS]),
        ("casetags", ("id", "tagname"), list(enumerate(TAGS, 1))),
        ("companies", ("companyid", "name"), list(enumerate(COMPANIES, 1))),
        ("contacts", Person._fields, people),
        ("cases", CASE, rows),
        ("tagged", ("caseid", "tagid"), tagged),
        ("history", HISTORY, history),
    ]


def rep_email(firstname: str, lastname: str) -> str:
    return f"{_ascii(firstname)}.{_ascii(lastname)}@example.org"


def casenum(caseid: int, seed: int) -> str:
    """A number such as BCDF1234; two cases never share one, because the multiplier has no factor in common with their count."""
    mixed = (caseid * 611_953_747 + seed * 7919) % (len(LETTERS) ** 4 * 10_000)
    letters, digits = divmod(mixed, 10_000)
    word = ""
    for _ in range(4):
        letters, letter = divmod(letters, len(LETTERS))
        word += LETTERS[letter]
    return f"{word}{digits:04}"


def _ascii(name: str) -> str:
    return "".join(letter for letter in anyascii(name).lower() if letter.isalnum() or letter == "-")


def _people(random: Random, count: int) -> list[Person]:
    people = []
    for contactid in range(1, count + 1):
        first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
        email = f"{_ascii(first)}.{_ascii(last)}{contactid}@{random.choice(('example.com', 'mail.example.com', 'example.org'))}"
        name = f"{first} {last}"
        if contactid == JANES_CONTACT:
            name, email = "Jane Miller", "jane@example.com"
        company = random.randint(1, len(COMPANIES)) if random.random() < 0.8 else None
        people.append(Person(contactid, str(uuid.UUID(int=random.getrandbits(128), version=4)), name, email, company))
    return people


CASE = (
    "caseid",
    "casenum",
    "summary",
    "details",
    "openedby",
    "status",
    "repid",
    "departmentid",
    "contactid",
    "contactUuid",
    "companyid",
    "date_opened",
    "date_assigned",
    "date_firstresponse",
    "date_lastresponse",
    "date_updated",
    "date_closed",
    "rating",
    "feedback",
    "createdByRep",
)
HISTORY = ("caseid", "type", "title", "note", "repid", "date_added", "mail_to", "mail_from")


def _cases(random: Random, count: int, seed: int, people: list[Person], now: datetime) -> tuple[list[Any], list[Any], list[Any]]:
    ages = sorted((random.random() ** 2 * 400 + 0.01 for _ in range(count)), reverse=True)
    rows: list[Any] = []
    tagged: list[Any] = []
    history: list[Any] = []
    workers = {departmentid: [one for one in userids if one < 11] for departmentid, _, _, userids in DEPARTMENTS}
    for index, age in enumerate(ages):
        caseid = FIRST_CASE + index
        row, topic = _case(random, caseid, seed, people, workers, now, age)
        rows.append(row)
        tagged += [(caseid, tag) for tag in {*topic[4], *random.sample(range(1, 16), random.choice((0, 0, 1)))}]
        history += _history(random, row, topic, people)
    return rows, tagged, history


def _case(
    random: Random, caseid: int, seed: int, people: list[Person], workers: dict[int, list[int]], now: datetime, age: float
) -> tuple[tuple[Any, ...], Topic]:
    topic = random.choice(TOPICS)
    person = people[JANES_CONTACT - 1] if caseid % 50 == 7 else random.choice(people)
    it = random.choice(THINGS)
    summary = topic[1].format(it=it)
    details = f"Hello,\n\n{topic[2].format(it=it)}\n\nThanks\n{person.name}"
    summary, details = ODD.get(caseid - FIRST_CASE, (summary[0].upper() + summary[1:], details))
    nobody = caseid % 23 == 0
    linked = caseid % 19 != 0
    repid = None if nobody else random.choice(workers[topic[0]])
    contact = (person.contactid, person.uuid, person.companyid) if linked else (None, None, None)
    opener = random.choice((person.email, f"{person.name} <{person.email}>")) if linked else "+49 30 5550 1234"
    dates = _dates(random, now, age, nobody)
    status = "closed" if dates[5] else "new" if dates[2] is None else "open"
    rating = random.choice(("", "", "4", "5", "2")) if status == "closed" else ""
    named = (caseid, casenum(caseid, seed), summary, details, opener, status, repid, topic[0], *contact)
    return (*named, *dates, rating, "Thank you!" if rating == "5" else "", repid if caseid % 11 == 0 else None), topic


def _dates(random: Random, now: datetime, age: float, unassigned: bool) -> tuple[str | None, ...]:
    """Opened, assigned, first and last response, updated, closed: each no earlier than the one before and none in the future."""
    opened = now - timedelta(days=age)
    answered = random.random() < (0.85 if age > 3 else 0.4)
    closed = answered and random.random() < (0.75 if age > 30 else 0.2)
    steps = sorted(random.random() for _ in range(3))
    span = timedelta(days=min(age, 21))
    first, last, end = (opened + span * step for step in steps)
    assigned = None if unassigned else stored(opened + (first - opened) / 10)
    updated = end if closed else last if answered else opened
    return (
        stored(opened),
        assigned,
        stored(first) if answered else None,
        stored(last) if answered else None,
        stored(updated),
        stored(end) if closed else None,
    )


def _history(random: Random, row: tuple[Any, ...], topic: Topic, people: list[Person]) -> list[tuple[Any, ...]]:
    case = dict(zip(CASE, row, strict=True))
    caseid, repid = case["caseid"], case["repid"]
    items: list[tuple[Any, ...]] = [_note(caseid, case["summary"], case["details"], None, case["date_opened"])]
    if case["date_firstresponse"]:
        kind, title = random.choice((("note", "First look"), ("call", "Called the customer")))
        items.append(_note(caseid, title, topic[3], repid, case["date_firstresponse"], kind))
        if case["contactid"] and random.random() < 0.7:
            customer = people[case["contactid"] - 1]
            answer = f"Hello {customer.name},\n\n{topic[3]}\n\nKind regards\nYour desk"
            mail = (f"Re: {case['summary']}", answer, repid, case["date_lastresponse"], customer.email, "desk@example.org")
            items.append((caseid, "email", *mail))
    if case["date_closed"]:
        items.append(_note(caseid, "Closed", "Solved to the customer's content.", repid, case["date_closed"]))
    return items


def _note(caseid: int, title: str, text: str, repid: int | None, when: str, kind: str = "note") -> tuple[Any, ...]:
    return caseid, kind, title, text, repid, when, None, None
