"""Founds the demo company: people, teams, campaigns, rules, calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import F

from alignment.accounts.models import Absence, CompanyDay, Organisation, Team, User
from alignment.accounts.roles import Role
from alignment.demo import story
from alignment.demo.simulation import Company
from alignment.outbox.models import Notice, NoticeState
from handoff.models import RoutingRule
from leads.models import Campaign, CampaignCost
from leads.rules.capture_forms import Asked
from leads.rules.costs import spread
from leads.rules.custom import Kind
from leads.services import capture_forms, custom_fields
from leads.services.capture_forms import FormData, FormTexts
from leads.services.custom_fields import ChoiceData, FieldData
from reviews.models import ReviewSeries


def found(*, language: str, start: datetime, end: datetime) -> Company:
    """Make the company as it was at ``start``; texts in ``language``."""
    company = Company(language)
    organisation = Organisation.get()
    organisation.name = story.ORGANISATION.say(language)
    organisation.default_language = language
    organisation.save()
    _make_teams(company)
    _make_people(company)
    _make_campaigns(company, start.date(), end.date())
    _make_form(company, start)
    _make_rules(company)
    _make_fields(company, now=start)
    _make_calendar(company, start.date(), end.date())
    first_month = (start.astimezone(organisation.zone).date().replace(day=1) + timedelta(days=32)).replace(day=1)
    ReviewSeries.objects.filter(key="monthly").update(first_month=first_month)
    return company


def consider_mails_sent(*, before: datetime) -> None:
    """Mark the mails of the past as sent on their day; those of the last days leave through the worker as usual."""
    Notice.objects.filter(state=NoticeState.PENDING, created_at__lt=before).update(
        state=NoticeState.SENT, sent_at=F("created_at")
    )


def _make_teams(company: Company) -> None:
    for key, (name, side) in story.TEAMS.items():
        company.teams[key] = Team.objects.create(name=company.say(name), side=side)


def _make_people(company: Company) -> None:
    for person in story.PEOPLE:
        company.people[person.key] = User.objects.create_user(
            person.email,
            full_name=company.say(person.name),
            role=person.role,
            side=person.side,
            team=company.teams.get(person.team),
            language=company.language,
        )


def _make_campaigns(company: Company, start: date, end: date) -> None:
    for source in story.SOURCES:
        campaign = company.campaigns[source.key] = Campaign.objects.create(
            name=company.say(source.campaign),
            channel=company.say(source.channel),
            promise=company.say(source.promise),
            starts_on=start,
        )
        costs = spread(Decimal(source.cost), starts_on=start, ends_on=end)
        CampaignCost.objects.bulk_create(
            [CampaignCost(campaign=campaign, month=month, amount=amount) for month, amount in costs.items()]
        )


def _make_form(company: Company, start: datetime) -> None:
    """The form on the company's web site, written and published by its marketer."""
    marketer, campaign = company.people["marketer"], company.campaigns["web_inquiry"]
    texts = {language: FormTexts(*(words.say(language) for words in story.FORM_TEXTS)) for language in ("ja", "en")}
    data = FormData(
        name=company.say(story.FORM_NAME),
        texts=texts,
        asked=[Asked(name, required=required) for name, required in story.FORM_ASKS.items()],
        source=campaign.channel,
        campaign=campaign,
        shows_promise=True,
        origins=story.SITE,
    )
    form = capture_forms.save_form(form_id=None, data=data, actor=marketer, now=start)
    company.form = capture_forms.publish(form_id=form.pk, actor=marketer, now=start)


def _make_rules(company: Company) -> None:
    large = {
        "any": [{"field": "employees", "op": "at_least", "value": 150}, {"field": "is_key_account", "op": "is_true"}]
    }
    RoutingRule.objects.create(
        position=1,
        name=company.say(story.Words("大きな工場はフィールドへ", "Large plants to field sales")),
        condition=large,
        team=company.teams["field"],
    )
    RoutingRule.objects.create(
        position=2,
        name=company.say(story.Words("その他はインサイドへ", "All others to inside sales")),
        condition={"all": []},
        team=company.teams["inside"],
    )


def _make_fields(company: Company, *, now: datetime) -> None:
    """What sales of this company asks before the first call."""
    admin = next(user for user in company.people.values() if user.role == Role.ADMIN)
    records = FieldData(
        label_ja="現在の記録方法",
        label_en="Records today",
        kind=Kind.CHOICE,
        help_ja="測定値を今どのように記録しているか",
        help_en="How they keep their measurements now",
        choices=[ChoiceData(words.ja, words.en, value) for value, words in story.RECORDS_TODAY],
        is_in_list=True,
    )
    decides = FieldData(
        label_ja="導入決定の予定日",
        label_en="Decides on",
        kind=Kind.DATE,
        help_ja="お客様が導入を決める予定の日",
        help_en="The day by which they want to decide",
    )
    custom_fields.add_field(key="records_today", data=records, actor=admin, now=now)
    custom_fields.add_field(key="decides_on", data=decides, actor=admin, now=now)


def _make_calendar(company: Company, start: date, end: date) -> None:
    for year in range(start.year, end.year + 2):
        new_year = [date(year, 12, 29), date(year, 12, 30), date(year, 12, 31), date(year, 1, 2), date(year, 1, 3)]
        for day in new_year:
            CompanyDay.objects.get_or_create(on=day, defaults={"name": company.say(story.NEW_YEAR)})
        for day in (date(year, 8, 13), date(year, 8, 14)):
            CompanyDay.objects.get_or_create(on=day, defaults={"name": company.say(story.SUMMER)})
    rep = next(user for user in company.people.values() if user.role == Role.SALES_REP)
    Absence.objects.create(user=rep, starts_on=start + timedelta(days=100), ends_on=start + timedelta(days=106))
