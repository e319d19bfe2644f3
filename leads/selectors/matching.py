"""Who is here already: leads that may be the same person, each with what speaks for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from django.db import connection

from leads.models import Account, Lead
from leads.rules import matching, normalise
from leads.rules.matching import Compared, Evidence

MOST = 20
"""What more people than this have in common, a mailbox or a number, names none of them."""
_LOOKED_AT = 5 * MOST
"""Leads that are read for one address or number: that of a switchboard stands in thousands."""
COMPARED = frozenset({"email", "phone", "full_name", "full_name_kana", "company_name"})
"""The facts of a lead by which it is compared with others."""
Key = tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """What is known of somebody, in the form in which leads keep it. ``company``: the key of its name."""

    email: str = ""
    phone: str = ""
    full_name: str = ""
    full_name_kana: str = ""
    company: str = ""
    lead_id: int | None = None

    @staticmethod
    def of(lead: Lead) -> Person:
        """A stored lead, its account read already."""
        key = lead.account.name_key if lead.account else ""
        return Person(lead.email, lead.phone, lead.full_name, lead.full_name_kana, key, lead.pk)

    @cached_property
    def name(self) -> str:
        """The name as it is compared."""
        return normalise.name_key(self.full_name)

    @cached_property
    def shared(self) -> tuple[Key, ...]:
        """The keys under which somebody else may be the same person."""
        return tuple(self._shared())

    def _shared(self) -> Iterator[Key]:
        name, kana = self.name, normalise.kana_key(self.full_name_kana)
        if self.email:
            yield ("email", self.email)
        if self.phone:
            yield ("phone", self.phone)
            yield ("phone and name", self.phone, name)
        if self.company and name:
            yield ("name", self.company, name)
        if self.company and kana:
            yield ("kana", self.company, kana)


@dataclass(frozen=True)
class Match:
    """A lead that may be the person, and why."""

    lead_id: int
    evidence: Evidence


def matches(persons: Sequence[Person]) -> list[list[Match]]:
    """For each person the leads that surely or possibly are the same, the likeliest first, then the oldest.

    Three queries at most, whatever their number.
    """
    persons = _under_standing_companies(persons)
    keys = [person.shared for person in persons]
    known = _by_key((person, person.shared) for person in _alike(keys))
    return [_best(person, own, known) if known else [] for person, own in zip(persons, keys, strict=True)]


def like_one_before(persons: Sequence[Person]) -> list[bool]:
    """For each person whether one before it in this order may be the same."""
    times = Counter(chain.from_iterable(person.shared for person in persons))
    keys = [[key for key in person.shared if times[key] > 1] for person in persons]
    known = _by_key(zip(persons, keys, strict=True))
    seen: set[Key] = set()
    found = []
    for own in keys:
        found.append(any(key in seen and _names_somebody(known[key]) for key in own))
        seen.update(own)
    return found


def compare(one: Person, other: Person) -> Evidence:
    """What speaks for the two being one person, and against it."""
    kana = normalise.kana_key(one.full_name_kana), normalise.kana_key(other.full_name_kana)
    return matching.weigh(
        Compared(
            email=_same(one.email, other.email),
            phone=_same(one.phone, other.phone),
            names=normalise.is_same_name(one.full_name, other.full_name),
            kana=_same(*kana),
            company=_same(one.company, other.company),
        )
    )


def _same(one: str, other: str) -> bool | None:
    return one == other if one and other else None


def _best(person: Person, keys: Iterable[Key], known: dict[Key, list[Person]]) -> list[Match]:
    alike = {one for key in keys if _names_somebody(known.get(key, ())) for one in known[key]}
    best: dict[int, Evidence] = {}
    for one in alike:
        evidence, pk = compare(person, one), one.lead_id or 0
        if evidence.score >= max(matching.SUSPECTED, best[pk].score if pk in best else 0):
            best[pk] = evidence
    best.pop(person.lead_id or 0, None)
    found = [Match(pk, evidence) for pk, evidence in best.items()]
    return sorted(found, key=lambda match: (-match.evidence.score, match.lead_id))


def _under_standing_companies(persons: Sequence[Person]) -> Sequence[Person]:
    """The same persons; the company of one that became part of another is the other."""
    keys = {person.company for person in persons} - {""}
    merged = Account.everything.filter(name_key__in=keys, merged_into__isnull=False)
    into = dict(merged.values_list("name_key", "merged_into__name_key"))
    return (
        [replace(person, company=into.get(person.company, person.company)) for person in persons] if into else persons
    )


def _names_somebody(alike: Collection[Person]) -> bool:
    """Whether what these have in common tells who they are: a mailbox or a number of many names does not."""
    return 0 < len(alike) <= MOST or 0 < len({person.name for person in alike}) <= MOST


def _by_key(persons: Iterable[tuple[Person, Iterable[Key]]]) -> dict[Key, list[Person]]:
    found: dict[Key, list[Person]] = defaultdict(list)
    for person, keys in persons:
        for key in keys:
            found[key].append(person)
    return found


def _alike(keys: Sequence[Iterable[Key]]) -> Collection[Person]:
    """Who shares a key with one of the persons, by the lead that stands for them.

    What a lead was known by before it became part of another is still what this person is known by. Of a number that
    more leads have than are looked at, those with one of the names are looked for as well.
    """
    wanted: dict[str, set[Key]] = defaultdict(set)
    for own in keys:
        for kind, *values in own:
            wanted[kind].add(tuple(values))
    if not wanted:
        return ()
    names, readings = sorted(wanted["name"]), sorted(wanted["kana"])
    asked = {
        "emails": [address for (address,) in wanted["email"]],
        "phones": [number for (number,) in wanted["phone"]],
        "companies": [company for company, _name in names],
        "names": [name for _company, name in names],
        "companies_of_readings": [company for company, _kana in readings],
        "readings": [kana for _company, kana in readings],
    }
    found = _read(_ALIKE, asked)
    times = Counter(person.phone for person in found)
    if at_switchboards := [(phone, name) for phone, name in wanted["phone and name"] if times[phone] >= _LOOKED_AT]:
        phones, names_there = zip(*at_switchboards, strict=True)
        found |= _read(_AT_SWITCHBOARDS, {"phones": list(phones), "names": list(names_there)})
    return found


def _read(alike: str, asked: dict[str, list[str]]) -> dict[Person, None]:
    """The leads that a statement names; a dictionary, as it keeps their order."""
    with connection.cursor() as cursor:
        cursor.execute(f"WITH alike AS ({alike}) {_PERSONS}", asked)
        return {
            Person(email, phone, name, kana, company, pk): None
            for pk, email, phone, name, kana, company in cursor.fetchall()
        }


_NAME, _KANA = (
    sql % f"lead.{column}"
    for sql, column in (
        (normalise.NAME_KEY_SQL, "full_name"),
        (normalise.KANA_KEY_SQL, "full_name_kana"),
    )
)
_ALIKE = f"""
        SELECT lead.id FROM unnest(%(emails)s::text[]) AS asked (email) CROSS JOIN LATERAL (
            SELECT id FROM leads_lead WHERE email = asked.email AND email <> '' LIMIT {_LOOKED_AT}
        ) AS lead
        UNION
        SELECT lead.id FROM unnest(%(phones)s::text[]) AS asked (phone) CROSS JOIN LATERAL (
            SELECT id FROM leads_lead WHERE phone = asked.phone AND phone <> '' LIMIT {_LOOKED_AT}
        ) AS lead
        UNION
        SELECT found.id FROM unnest(%(companies)s::text[], %(names)s::text[]) AS asked (company, name)
        JOIN leads_account AS account ON account.name_key = asked.company CROSS JOIN LATERAL (
            SELECT id FROM leads_lead AS lead
            WHERE account_id = account.id AND {_NAME} = asked.name AND full_name <> '' LIMIT {_LOOKED_AT}
        ) AS found
        UNION
        SELECT found.id FROM unnest(%(companies_of_readings)s::text[], %(readings)s::text[]) AS asked (company, kana)
        JOIN leads_account AS account ON account.name_key = asked.company CROSS JOIN LATERAL (
            SELECT id FROM leads_lead AS lead
            WHERE account_id = account.id AND {_KANA} = asked.kana AND full_name_kana <> '' LIMIT {_LOOKED_AT}
        ) AS found
"""  # noqa: S608 - our own names
"""Every look-up is lateral with a limit, and so by index: a plan that joins reads all leads for a few of them."""
_AT_SWITCHBOARDS = f"""
        SELECT found.id FROM unnest(%(phones)s::text[], %(names)s::text[]) AS asked (phone, name)
        CROSS JOIN LATERAL (
            SELECT id FROM leads_lead AS lead
            WHERE phone = asked.phone AND {_NAME} = asked.name AND phone <> '' LIMIT {_LOOKED_AT}
        ) AS found
"""  # noqa: S608 - our own names
_PERSONS = """
    SELECT coalesce(lead.merged_into_id, lead.id), lead.email, lead.phone, lead.full_name, lead.full_name_kana,
        coalesce(account.name_key, '')
    FROM alike CROSS JOIN LATERAL (SELECT * FROM leads_lead WHERE leads_lead.id = alike.id LIMIT 1) AS lead
    LEFT JOIN leads_account AS account ON account.id = lead.account_id
    WHERE lead.taken_back_by_id IS NULL
    ORDER BY lead.id
"""
