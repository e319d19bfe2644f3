"""Brings names, addresses and numbers into the one form that is compared; what was given is kept beside it. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import jaconv
import phonenumbers
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from alignment.kernel.errors import InvalidInput

FREE_MAIL_DOMAINS = frozenset(
    {
        "gmail.com",
        "googlemail.com",
        "yahoo.com",
        "yahoo.co.jp",
        "ymail.ne.jp",
        "hotmail.com",
        "hotmail.co.jp",
        "outlook.com",
        "outlook.jp",
        "live.com",
        "live.jp",
        "msn.com",
        "icloud.com",
        "me.com",
        "mac.com",
        "aol.com",
        "gmx.com",
        "gmx.net",
        "mail.com",
        "proton.me",
        "protonmail.com",
        "zoho.com",
        "docomo.ne.jp",
        "ezweb.ne.jp",
        "au.com",
        "softbank.ne.jp",
        "i.softbank.jp",
        "nifty.com",
        "biglobe.ne.jp",
        "so-net.ne.jp",
        "ocn.ne.jp",
        "excite.co.jp",
        "goo.jp",
        "infoseek.jp",
        "rakuten.jp",
        "qq.com",
        "163.com",
        "naver.com",
    }
)
_JAPANESE_FORMS = (
    r"(?:株式会社|有限会社|合同会社|合資会社|合名会社|一般社団法人|一般財団法人|\(株\)|\(有\)|\(同\)|\(合\))"
)
_ENGLISH_FORMS = r"(?:co\.?,? ?ltd|k\.? ?k|inc|corp(?:oration)?|co|ltd|llc|plc|gmbh|company|limited)\.?"
_LEGAL_FORM = re.compile(rf"^{_JAPANESE_FORMS}\s*|\s*{_JAPANESE_FORMS}$|[\s,]+{_ENGLISH_FORMS}$")
LONGEST_KEY = 200
LONGEST_ADDRESS = 254
_PLAIN_NAME = re.compile(r"(?=.{1,64}$)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
"""What goes before the @ of nearly every address, and is right as it stands."""
_ARTICLES = frozenset({"", "the", "a", "an"})


def text(value: str) -> str:
    """NFKC, outer space and control characters removed, inner space folded to one."""
    folded = unicodedata.normalize("NFKC", value)
    if not folded.isprintable():
        folded = "".join(char if unicodedata.category(char) not in ("Cc", "Cf") else " " for char in folded)
    return " ".join(folded.split())


def full_name(*, last: str, first: str) -> str:
    """A name from its two parts, in the order of its script: 山田 太郎, but Taro Yamada."""
    parts = (first, last) if (first + last).isascii() else (last, first)
    return " ".join(part for part in parts if part)


@lru_cache(maxsize=10_000)
def company_key(name: str) -> str:
    """A company's name for comparing: without legal form, case, width and spaces ("" for an empty name), cut to fit.

    A legal form is one only at the start (Japanese) or the end, and where a name is left without it: The Limited and
    KK Wind are names.
    """
    plain = text(name).casefold()
    while (shorter := _LEGAL_FORM.sub("", plain, count=1)) != plain and shorter.strip(" ,.") not in _ARTICLES:
        plain = shorter
    return re.sub(r"[\s・,.\-'’]+", "", plain)[:LONGEST_KEY]


def email(value: str, *, field: str = "email") -> str:
    """A checked address in lower case ("" stays ""); raises ``InvalidInput`` with the value that was found."""
    given = text(value)
    if not given:
        return ""
    name, _at, domain = given.rpartition("@")
    try:
        if _PLAIN_NAME.fullmatch(name) and len(given) <= LONGEST_ADDRESS:
            return f"{name}@{_checked_domain(domain)}".lower()
        return _checked(given)
    except EmailNotValidError as error:
        message = _("“%(value)s” is not an e-mail address.") % {"value": given[:100]}
        raise InvalidInput(message, field=field) from error


@lru_cache(maxsize=10_000)
def _checked_domain(domain: str) -> str:
    """The same for all people of a company, so it is looked at once; what goes before it is plain."""
    return email_domain(_checked(f"a@{domain}"))


def _checked(address: str) -> str:
    return validate_email(address, check_deliverability=False, test_environment=True).normalized.lower()


def email_domain(address: str) -> str:
    """The part after the @ ("" for none)."""
    return address.rpartition("@")[2]


def is_free_mail(address: str) -> bool:
    """True where the domain belongs to a provider of private mailboxes."""
    return email_domain(address) in FREE_MAIL_DOMAINS


def phone(value: str, *, region: str, field: str = "phone") -> str:
    """A phone number as E.164 ("" stays ""), of ``region`` where it has no country's code.

    Raises ``InvalidInput`` where it is none.
    """
    given = text(value)
    if not given:
        return ""
    try:
        number = phonenumbers.parse(given, region)
    except phonenumbers.NumberParseException as error:
        raise InvalidInput(_not_a_phone(given), field=field) from error
    if not phonenumbers.is_possible_number(number):
        raise InvalidInput(_not_a_phone(given), field=field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _not_a_phone(given: str) -> str:
    return _("“%(value)s” is not a phone number.") % {"value": given[:100]}


_BETWEEN_DIGITS = re.compile(r"[\s\-‐‑‒–—―−ー]+")
"""Spaces, and all that is typed for a hyphen."""


def corporate_number(value: str, *, field: str = "corporate_number") -> str:
    """A 法人番号 as its 13 digits ("" stays ""), also from T and the digits, as invoices have it.

    Raises ``InvalidInput`` where it is none. The first digit checks the others: 9 less the rest that remains of their
    sum by 9, where from the right every second one counts twice.
    """
    given = text(value)
    digits = _BETWEEN_DIGITS.sub("", given).removeprefix("T")
    if not given:
        return ""
    if not re.fullmatch(r"[0-9]{13}", digits):
        message = _("“%(value)s” is not a corporate number: it has 13 digits.")
        raise InvalidInput(message % {"value": given[:100]}, field=field)
    total = sum(int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits[1:])))
    if int(digits[0]) != 9 - total % 9:
        message = _("“%(value)s” is not a corporate number: its check digit does not fit. Look for a mistyped digit.")
        raise InvalidInput(message % {"value": given[:100]}, field=field)
    return digits


def postal_code(value: str, *, field: str = "postal_code") -> str:
    """A Japanese postal code as 123-4567 ("" stays ""); raises ``InvalidInput`` where it is none."""
    given = text(value)
    digits = _BETWEEN_DIGITS.sub("", given.removeprefix("〒"))
    if not given:
        return ""
    if not re.fullmatch(r"[0-9]{7}", digits):
        message = _("“%(value)s” is no Japanese postal code, such as 123-4567. Write one of abroad into the address.")
        raise InvalidInput(message % {"value": given[:100]}, field=field)
    return f"{digits[:3]}-{digits[3:]}"


_PREFECTURE = re.compile(
    "(東京)|(京都|大阪)|青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|神奈川|新潟|富山|石川|福井|山梨|長野|岐阜|静岡|愛知|三重|滋賀|"
    "兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡|佐賀|長崎|熊本|大分|宮崎|鹿児島|沖縄"
)


def prefecture(value: str) -> str:
    """東京 as 東京都; what is no short name in Japanese, such as Tokyo or Bavaria, stays as it is given."""
    given = text(value)
    short = _PREFECTURE.fullmatch(given)
    return given if short is None else given + ("都" if short[1] else "府" if short[2] else "県")


_BETWEEN_NAMES = ".・\t\n\r\x85\xad\u200b\u200c\u200d\u2028\u2029\u2060\ufeff"
"""What stands between names like a space or is not seen at all."""
_NAMES_NOBODY = "^ *(?:mr|mrs|ms|dr) +| *(?:様|さま|さん|殿|氏) *$"
_SPACES = " " * len(_BETWEEN_NAMES)
_APART = str.maketrans(f"{_BETWEEN_NAMES}İΣ", f"{_SPACES}iσ")
"""With the letters that Python makes small otherwise than PostgreSQL: as two, or by what stands beside them."""
_HIRAGANA = "".join(map(chr, range(0x3041, 0x3097)))
_KATAKANA = "".join(map(chr, range(0x30A1, 0x30F7)))
_KANA = str.maketrans(_HIRAGANA, _KATAKANA, " ・.")
NAME_KEY_SQL = (
    f"REGEXP_REPLACE(TRANSLATE(LOWER(NORMALIZE(%s, NFKC)), '{_BETWEEN_NAMES}', '{_SPACES}'), "
    f"'{_NAMES_NOBODY}| +', '', 'g')"
)
KANA_KEY_SQL = f"TRANSLATE(NORMALIZE(%s, NFKC), '{_HIRAGANA} ・.', '{_KATAKANA}')"
"""The keys of names as PostgreSQL makes them from what is stored; %s is the column."""
_LARGE_KANA = jaconv.hira2kata(_HIRAGANA).translate(
    str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
)
_FORMS_WITHIN = "株式会社|有限会社|合同会社|合資会社|合名会社|kabushiki[kg]aisha|yugen[kg]aisha|godo[kg]aisha"
LOOSE_COMPANY_KEY_SQL = (
    f"REGEXP_REPLACE(TRANSLATE(%s, '{_HIRAGANA}ァィゥェォッャュョヮヵヶー()&/', "
    f"'{_LARGE_KANA}アイウエオツヤユヨワカケ'), '{_FORMS_WITHIN}', '', 'g')"
)
"""A company's key so loose that it only makes suspicious: any kana is one, without long vowels and any legal form.

キヤノン and キャノン, サーバ and サーバー. Old and new characters stay as written.
"""


def name_key(name: str) -> str:
    """A person's name for comparing: without width, case, spaces and honorifics. Characters stay as written."""
    return re.sub(f"{_NAMES_NOBODY}| +", "", _words(name))


def kana_key(name: str) -> str:
    """The reading of a name for comparing: katakana, without width and spaces."""
    return unicodedata.normalize("NFKC", name).translate(_KANA)


def is_same_name(one: str, other: str) -> bool | None:
    """Whether two names are one, in whatever order; None where one is missing or only a part of the other."""
    if not (one and other):
        return None
    if name_key(one) == name_key(other):
        return True
    words, others = (frozenset(re.sub(_NAMES_NOBODY, "", _words(name)).split()) for name in (one, other))
    if words == others:
        return True
    return None if words < others or others < words else False


def _words(name: str) -> str:
    return unicodedata.normalize("NFKC", name).translate(_APART).lower()
