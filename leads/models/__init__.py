"""The models of this app."""

from leads.models.activities import Activity, ActivityReversal
from leads.models.capture_forms import CaptureForm, ConsentText, FormSubmission
from leads.models.companies import Account
from leads.models.custom_fields import CustomField
from leads.models.deals import Deal, DealEvent
from leads.models.definitions import Criterion, Definition, DefinitionVersion, Signature, Verdict
from leads.models.duplicates import AccountMerge, ExternalId, LeadMerge, SuspectedCompanies, SuspectedDuplicate
from leads.models.imports import ImportChange, ImportedRow, ImportJob, ImportPiece, ImportRemark, SavedMapping
from leads.models.leads import Campaign, CampaignCost, Lead, LeadEvent, Touch
from leads.models.touch_kinds import TouchKind
from leads.models.version_events import VersionEvent

__all__ = [
    "Account",
    "AccountMerge",
    "Activity",
    "ActivityReversal",
    "Campaign",
    "CampaignCost",
    "CaptureForm",
    "ConsentText",
    "Criterion",
    "CustomField",
    "Deal",
    "DealEvent",
    "Definition",
    "DefinitionVersion",
    "ExternalId",
    "FormSubmission",
    "ImportChange",
    "ImportJob",
    "ImportPiece",
    "ImportRemark",
    "ImportedRow",
    "Lead",
    "LeadEvent",
    "LeadMerge",
    "SavedMapping",
    "Signature",
    "SuspectedCompanies",
    "SuspectedDuplicate",
    "Touch",
    "TouchKind",
    "Verdict",
    "VersionEvent",
]
