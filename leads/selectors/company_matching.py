"""Accounts that may be one company, each pair with what speaks for it.

A shared e-mail domain makes suspicious and no more: a lead that names no company gets none by its domain, because what
is known of a company may qualify it, and an agency or a group writes from one domain for many.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from leads.rules import matching, normalise
from leads.rules.company_matching import weigh
from leads.rules.matching import Evidence

MOST = 20
"""The domain that more companies than this have in common, such as that of a mail service, names none of them."""
Pair = tuple[int, int]


def alike(account_ids: Collection[int]) -> dict[Pair, Evidence]:
    """The pairs of standing companies with one of these in it that surely or possibly are one, by their ids in order.

    One query, whatever their number.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"ids": list(account_ids), "most": MOST})
        found = {(first, second): weigh(signals) for first, second, signals in cursor.fetchall()}
    return {pair: evidence for pair, evidence in found.items() if evidence.score >= matching.SUSPECTED}


_NAME = normalise.LOOSE_COMPANY_KEY_SQL % "name_key"
_OTHERS_NAME = normalise.LOOSE_COMPANY_KEY_SQL % "other.name_key"
_IS_OF_COMPANY = """
    NOT lead.is_free_mail AND lead.email_domain <> '' AND lead.account_id IS NOT NULL
    AND lead.merged_into_id IS NULL AND lead.taken_back_by_id IS NULL
"""
_SQL = f"""
    WITH asked AS (
        SELECT id, corporate_number, {_NAME} AS name FROM leads_account
        WHERE id = ANY(%(ids)s) AND merged_into_id IS NULL
    ),
    domain AS (
        SELECT DISTINCT lead.email_domain AS name FROM leads_lead AS lead
        WHERE lead.account_id = ANY(%(ids)s) AND {_IS_OF_COMPANY}
    ),
    owner AS (
        SELECT domain.name, lead.account_id AS id FROM domain JOIN leads_lead AS lead ON lead.email_domain = domain.name
        WHERE {_IS_OF_COMPANY} GROUP BY domain.name, lead.account_id
    ),
    pair AS (
        SELECT asked.id AS one, other.id AS other, 'number' AS signal FROM asked
        JOIN leads_account AS other USING (corporate_number) WHERE other.corporate_number <> ''
        UNION ALL
        SELECT asked.id, other.id, 'name' FROM asked JOIN leads_account AS other ON {_OTHERS_NAME} = asked.name
        WHERE asked.name <> ''
        UNION ALL
        SELECT asked.id, other.id, 'domain' FROM asked JOIN owner USING (id)
        JOIN owner AS other ON other.name = owner.name
        WHERE owner.name IN (SELECT name FROM owner GROUP BY name HAVING count(*) <= %(most)s)
    )
    SELECT first.id, second.id, array_agg(DISTINCT signal) || CASE
        WHEN first.corporate_number <> '' AND second.corporate_number <> ''
            AND first.corporate_number <> second.corporate_number
        THEN ARRAY['other_number'] ELSE ARRAY[]::text[] END
    FROM pair
    JOIN leads_account AS first ON first.id = least(one, other)
    JOIN leads_account AS second ON second.id = greatest(one, other)
    WHERE one <> other AND first.merged_into_id IS NULL AND second.merged_into_id IS NULL
        AND coalesce(first.parent_id, first.id) <> coalesce(second.parent_id, second.id)
    GROUP BY first.id, second.id
"""  # noqa: S608 - our own names
