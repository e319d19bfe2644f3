"""The models of this app."""

from leads.models.activities import Activity
from leads.models.companies import Account
from leads.models.deals import Deal, DealEvent
from leads.models.definitions import Criterion, Definition, DefinitionVersion, Signature, Verdict
from leads.models.duplicates import AccountMerge, ExternalId, LeadMerge, SuspectedCompanies, SuspectedDuplicate
from leads.models.imports import ImportChange, ImportedRow, ImportJob, ImportPiece, ImportRemark
from leads.models.leads import Campaign, Lead, LeadEvent, Touch
from leads.models.version_events import VersionEvent

__all__ = [
    "Account",
    "AccountMerge",
    "Activity",
    "Campaign",
    "Criterion",
    "Deal",
    "DealEvent",
    "Definition",
    "DefinitionVersion",
    "ExternalId",
    "ImportChange",
    "ImportJob",
    "ImportPiece",
    "ImportRemark",
    "ImportedRow",
    "Lead",
    "LeadEvent",
    "LeadMerge",
    "Signature",
    "SuspectedCompanies",
    "SuspectedDuplicate",
    "Touch",
    "Verdict",
    "VersionEvent",
]
