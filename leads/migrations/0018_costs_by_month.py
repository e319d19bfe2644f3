"""Puts the total of a campaign into its months, by the days of its period that lie in each.

The parts add up to the total and are whole where it is. Where a period is open, or longer than ten years, nobody knows
the months: the total stays whole, undated.
"""

from django.db import migrations

SPREAD = """
    WITH planned AS (
        SELECT id, cost, starts_on, ends_on, ends_on - starts_on + 1 AS days,
            CASE WHEN cost = trunc(cost) THEN 0 ELSE 2 END AS places,
            starts_on IS NOT NULL AND ends_on IS NOT NULL
                AND extract(year FROM age(date_trunc('month', ends_on), date_trunc('month', starts_on))) < 10 AS is_dated
        FROM leads_campaign WHERE cost > 0
    ), reached AS (
        SELECT planned.id, month::date AS month,
            round(cost * (least((month + interval '1 month - 1 day')::date, ends_on) - starts_on + 1) / days, places)
                AS until
        FROM planned,
            generate_series(date_trunc('month', starts_on::timestamp), ends_on::timestamp, interval '1 month') AS month
        WHERE is_dated
    ), parts AS (
        SELECT id, month, until - coalesce(lag(until) OVER (PARTITION BY id ORDER BY month), 0) AS amount FROM reached
        UNION ALL
        SELECT id, NULL, cost FROM planned WHERE NOT is_dated
    )
    INSERT INTO leads_campaigncost (campaign_id, month, amount)
    SELECT id, month, amount FROM parts WHERE amount > 0 ORDER BY id, month
"""
TOGETHER = """
    UPDATE leads_campaign SET cost = spent.total
    FROM (SELECT campaign_id, sum(amount) AS total FROM leads_campaigncost GROUP BY campaign_id) AS spent
    WHERE leads_campaign.id = spent.campaign_id;
    DELETE FROM leads_campaigncost;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0017_campaign_costs")]

    operations = [migrations.RunSQL(SPREAD, TOGETHER)]
