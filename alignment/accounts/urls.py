from django.urls import path

from alignment.accounts.views import absences, company, invitations, own, people

app_name = "accounts"
urlpatterns = [
    path("invitations/accept/", invitations.accept, name="invitation-accept"),
    path("invitations/<str:token>/", invitations.follow, name="invitation-follow"),
    path("settings/profile/", own.profile, name="profile"),
    path("settings/absences/<int:pk>/add/", absences.absence_add, name="absence-add"),
    path("settings/absences/<int:pk>/remove/", absences.absence_remove, name="absence-remove"),
    path("settings/second-factor/", own.second_factor, name="second-factor"),
    path("settings/tokens/", own.tokens, name="tokens"),
    path("settings/tokens/new/", own.token_create, name="token-create"),
    path("settings/tokens/<str:token_key>/revoke/", own.token_revoke, name="token-revoke"),
    path("settings/people/", people.members, name="members"),
    path("settings/people/invite/", people.invite, name="member-invite"),
    path("settings/people/<int:pk>/", people.edit, name="member-edit"),
    path("settings/people/<int:pk>/deactivate/", people.deactivate, name="member-deactivate"),
    path("settings/people/<int:pk>/activate/", people.activate, name="member-activate"),
    path("settings/people/<int:pk>/end-sessions/", people.end_sessions, name="member-end-sessions"),
    path("settings/people/<int:pk>/invitation/resend/", people.resend, name="invitation-resend"),
    path("settings/people/<int:pk>/invitation/withdraw/", people.withdraw, name="invitation-withdraw"),
    path("settings/people/<int:pk>/absences/", absences.absences, name="member-absences"),
    path("settings/teams/", company.teams, name="teams"),
    path("settings/teams/new/", company.team, name="team-new"),
    path("settings/teams/<int:pk>/", company.team, name="team-edit"),
    path("settings/teams/<int:pk>/remove/", company.team_remove, name="team-remove"),
    path("settings/company-days/", company.company_days, name="company-days"),
    path("settings/company-days/<int:pk>/remove/", company.company_day_remove, name="company-day-remove"),
    path("settings/organisation/", company.organisation, name="organisation"),
]
