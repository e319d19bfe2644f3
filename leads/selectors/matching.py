"""Who is here already: leads that may be the same person, each with what speaks for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from django.db import connection

from leads.models import Account, Lead
from leads.rules import matching, normalise
from leads.rules.matching import Compared, Evidence

MOST = 20
"""What more people than this have in common, a mailbox or a number, names none of them."""
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

    def shared(self) -> Iterator[Key]:
        """The keys under which somebody else may be the same person."""
        name, kana = normalise.name_key(self.full_name), normalise.kana_key(self.full_name_kana)
        if self.email:
            yield ("email", self.email)
        if self.phone:
            yield ("phone", self.phone, name)
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

    Two queries, whatever their number.
    """
    persons = _under_standing_companies(persons)
    keys = [list(person.shared()) for person in persons]
    known = _by_key(_alike(keys))
    return [_best(person, own, known) for person, own in zip(persons, keys, strict=True)]


def like_one_before(persons: Sequence[Person]) -> list[bool]:
    """For each person whether one before it in this order may be the same."""
    shared = [set(person.shared()) for person in persons]
    times = Counter(key for keys in shared for key in keys)
    seen: set[Key] = set()
    found = []
    for keys in shared:
        found.append(any(times[key] <= MOST for key in keys & seen))
        seen |= keys
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


def _best(person: Person, keys: list[Key], known: dict[Key, list[Person]]) -> list[Match]:
    candidates: dict[int, Person] = {}
    for key in keys:
        for own in _looked_under(key):
            if len(alike := known.get(own, ())) <= MOST:
                candidates |= {one.lead_id: one for one in alike if one.lead_id is not None}
    candidates.pop(person.lead_id or 0, None)
    found = [Match(pk, compare(person, one)) for pk, one in candidates.items()]
    return sorted(
        (match for match in found if match.evidence.score >= matching.SUSPECTED),
        key=lambda match: (-match.evidence.score, match.lead_id),
    )


def _under_standing_companies(persons: Sequence[Person]) -> Sequence[Person]:
    """The same persons; the company of one that became part of another is the other."""
    keys = {person.company for person in persons} - {""}
    merged = Account.everything.filter(name_key__in=keys, merged_into__isnull=False)
    into = dict(merged.values_list("name_key", "merged_into__name_key"))
    return (
        [replace(person, company=into.get(person.company, person.company)) for person in persons] if into else persons
    )


def _looked_under(key: Key) -> Iterator[Key]:
    """The key itself; of a number also those without a name, and of somebody without a name everybody."""
    yield key
    if key[0] == "phone":
        _kind, number, name = key
        yield ("phone", number, "") if name else ("number", number)


def _by_key(persons: Iterable[Person]) -> dict[Key, list[Person]]:
    found: dict[Key, list[Person]] = defaultdict(list)
    for person in persons:
        for key in person.shared():
            found[key].append(person)
        if person.phone:
            found["number", person.phone].append(person)
    return found


def _alike(keys: Sequence[Iterable[Key]]) -> Iterator[Person]:
    """The standing leads that share a key with one of the persons, the oldest first."""
    wanted: dict[str, set[Key]] = defaultdict(set)
    for own in keys:
        for kind, *values in own:
            wanted[kind].add(tuple(values))
    if not wanted:
        return
    names, readings = sorted(wanted["name"]), sorted(wanted["kana"])
    asked = {
        "emails": [address for (address,) in wanted["email"]],
        "phones": list({number for number, _name in wanted["phone"]}),
        "companies": [company for company, _name in names],
        "names": [name for _company, name in names],
        "companies_of_readings": [company for company, _kana in readings],
        "readings": [kana for _company, kana in readings],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL, asked)
        for pk, email, phone, name, kana, company in cursor.fetchall():
            yield Person(email, phone, name, kana, company, pk)


_NAME, _KANA = (
    sql % f"lead.{column}"
    for sql, column in (
        (normalise.NAME_KEY_SQL, "full_name"),
        (normalise.KANA_KEY_SQL, "full_name_kana"),
    )
)
_SQL = f"""
    WITH alike AS (
        SELECT id FROM leads_lead WHERE email = ANY(%(emails)s) AND email <> ''
        UNION
        SELECT id FROM leads_lead WHERE phone = ANY(%(phones)s) AND phone <> ''
        UNION
        SELECT lead.id FROM unnest(%(companies)s::text[], %(names)s::text[]) AS asked (company, name)
        JOIN leads_account AS account ON account.name_key = asked.company
        JOIN leads_lead AS lead ON lead.account_id = account.id AND {_NAME} = asked.name AND lead.full_name <> ''
        UNION
        SELECT lead.id FROM unnest(%(companies_of_readings)s::text[], %(readings)s::text[]) AS asked (company, kana)
        JOIN leads_account AS account ON account.name_key = asked.company
        JOIN leads_lead AS lead
            ON lead.account_id = account.id AND {_KANA} = asked.kana AND lead.full_name_kana <> ''
    )
    SELECT lead.id, lead.email, lead.phone, lead.full_name, lead.full_name_kana, coalesce(account.name_key, '')
    FROM alike JOIN leads_lead AS lead USING (id) LEFT JOIN leads_account AS account ON account.id = lead.account_id
    WHERE lead.merged_into_id IS NULL AND lead.taken_back_by_id IS NULL
    ORDER BY lead.id
"""  # noqa: S608 - our own names
