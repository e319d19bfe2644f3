"""People who show interest: invented, but of the kind that each source brings."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from alignment.demo import story
from alignment.demo.story import Source, Words
from leads.services.capture import LeadData, TouchData

_CATALOGUE = Words("総合カタログ", "Product catalogue")
_PRICES = Words("価格ページ", "Price page")
_KNOWN_OF = 0.6
"""Of so many, marketing has found out what they use today and when they want to decide."""


def newcomer(
    source: Source, now: datetime, *, language: str, is_recent: bool, random: Random
) -> tuple[LeadData, float]:
    """Somebody from this source, and from 0 to 1 how likely sales is to want and to win them.

    The newest (``is_recent``) are of larger companies: the definition in force takes most of them, so that the inbox is
    not empty.
    """

    def say(words: Words) -> str:
        return words.say(language)

    pick = random.choice
    family, given, head = pick(story.FAMILY), pick(story.GIVEN), pick(story.COMPANY_HEADS)
    industry, suffix = pick(story.INDUSTRIES)
    (title, fit) = random.choices(story.JOB_TITLES, (3, 4, 5, 3, 2, 1))[0]
    employees = int(random.lognormvariate(4.6, 1.0)) + (105 if is_recent else 5)
    is_free = random.random() < 0.4 - 0.35 * source.quality
    eager = random.random() < source.quality
    size_fit = min(1.0, employees / 200)
    quality = 0.4 * source.quality + 0.25 * fit + 0.2 * size_fit + 0.15 * eager
    ja = language == "ja"
    company = f"{head[0]}{suffix.ja}株式会社" if ja else f"{head[1]} {suffix.en} K.K."
    domain = "gmail.com" if is_free else f"{head[1].lower()}-{suffix.en.lower()}.example"
    touches = [TouchData(source.touch, now, say(source.campaign))]
    touches += [TouchData("download", now - timedelta(days=d), say(_CATALOGUE)) for d in (2, 9)[: 2 * eager]]
    if eager and random.random() < 0.5:
        touches.append(TouchData("page_visit", now - timedelta(hours=5), say(_PRICES)))
    data = LeadData(
        full_name=f"{family[0]} {given[0]}" if ja else f"{given[2]} {family[2]}",
        full_name_kana=f"{family[1]} {given[1]}" if ja else "",
        email=f"{given[2].lower()}.{family[2].lower()}{random.randrange(1000)}@{domain}",
        phone=f"03-{random.randrange(3000, 6999)}-{random.randrange(10_000):04d}",
        company_name=company,
        job_title=say(title),
        industry=say(industry),
        prefecture=say(pick(story.PREFECTURES)),
        employee_count=employees,
        source=say(source.channel),
        campaign=say(source.campaign),
        touches=tuple(touches),
    )
    return replace(data, custom=_further_facts(data, now)), quality


def _further_facts(data: LeadData, now: datetime) -> dict[str, str]:
    """Values of the custom fields; from chances of their own, so that the story goes the same way without them."""
    own = Random(data.email)  # noqa: S311 - a story, no secret
    if own.random() > _KNOWN_OF:
        return {}
    decides_on = (now + timedelta(days=own.randrange(30, 300))).date()
    return {"records_today": own.choice(story.RECORDS_TODAY)[0], "decides_on": decides_on.isoformat()}
