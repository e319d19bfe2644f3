"""The company of the demo, in Japanese and English: its people, campaigns and customers-to-be. Data only.

Aoba Instruments makes measuring instruments for factories. Its first definition counted any download; sales took
less than half of what it got. After a joint review both sides signed a second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Words:
    """A text in both languages."""

    ja: str
    en: str

    def say(self, language: str) -> str:
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True)
class Person:
    key: str
    name: Words
    role: str
    side: str
    team: str = ""
    email: str = ""
    pace: float = 1.0
    """How long this rep takes to decide, against the usual."""


ORGANISATION = Words("あおば計測株式会社", "Aoba Instruments")
TEAMS = {
    "field": (Words("フィールドセールス", "Field sales"), "sales"),
    "inside": (Words("インサイドセールス", "Inside sales"), "sales"),
    "marketing": (Words("マーケティング部", "Marketing"), "marketing"),
}
PEOPLE = (
    Person("marketer", Words("中村 舞", "Mai Nakamura"), "marketer", "marketing", "marketing", "marketer@demo.example"),
    Person("rep", Words("佐藤 蓮", "Ren Sato"), "sales_rep", "sales", "field", "rep@demo.example", 0.7),
    Person(
        "lead_marketing",
        Words("山本 葵", "Aoi Yamamoto"),
        "manager",
        "marketing",
        "marketing",
        "marketing.manager@demo.example",
    ),
    Person("lead_sales", Words("小林 空", "Sora Kobayashi"), "manager", "sales", "field", "sales.manager@demo.example"),
    Person("admin", Words("加藤 恵", "Kei Kato"), "admin", "", "", "admin@demo.example"),
    Person("marketer2", Words("井上 陽菜", "Hina Inoue"), "marketer", "marketing", "marketing", "hina@demo.example"),
    Person("rep2", Words("木村 陸", "Riku Kimura"), "sales_rep", "sales", "field", "riku@demo.example", 1.0),
    Person("rep3", Words("清水 玲", "Rei Shimizu"), "sales_rep", "sales", "inside", "rei@demo.example", 0.5),
    Person("rep4", Words("森 大和", "Yamato Mori"), "sales_rep", "sales", "inside", "yamato@demo.example", 2.6),
)


@dataclass(frozen=True)
class Source:
    """Where leads come from: its share of all leads before and after the change, and the quality (0..1) it brings."""

    key: str
    campaign: Words
    channel: Words
    promise: Words
    touch: str
    share_before: float
    share_after: float
    quality: float
    cost: int


SOURCES = (
    Source(
        "exhibition",
        Words("計測展(東京)", "Measurement fair, Tokyo"),
        Words("展示会", "exhibition"),
        Words("後日、導入事例集をお送りします", "We send you our case studies"),
        "exhibition",
        0.34,
        0.24,
        0.28,
        4_200_000,
    ),
    Source(
        "web_inquiry",
        Words("お問い合わせ", "Web inquiry"),
        Words("ウェブ", "web"),
        Words("1営業日以内にご連絡します", "We call you within one business day"),
        "inquiry",
        0.16,
        0.24,
        0.72,
        600_000,
    ),
    Source(
        "webinar",
        Words("校正セミナー(オンライン)", "Calibration webinar"),
        Words("セミナー", "seminar"),
        Words("資料と無料診断をご案内します", "We send slides and offer a free check"),
        "seminar",
        0.2,
        0.3,
        0.5,
        900_000,
    ),
    Source(
        "referral",
        Words("ご紹介", "Referral"),
        Words("紹介", "referral"),
        Words("担当者が直接ご連絡します", "Our specialist contacts you"),
        "inquiry",
        0.05,
        0.1,
        0.85,
        0,
    ),
    Source(
        "purchased_list",
        Words("業界名簿メール", "Trade directory mailing"),
        Words("メール", "mail"),
        Words("カタログをお送りします", "We send you our catalogue"),
        "mail_click",
        0.25,
        0.12,
        0.12,
        2_400_000,
    ),
)

SITE = "https://www.aoba-instruments.example"
FORM_NAME = Words("お問い合わせフォーム", "Contact form")
FORM_ASKS = {
    "company_name": True,
    "full_name": True,
    "email": True,
    "phone": False,
    "job_title": False,
    "employee_count": False,
    "note": False,
}
FORM_TEXTS = (
    Words("お問い合わせ", "Talk to us"),
    Words("計測と校正のご相談を承ります。", "Ask us anything about measuring and calibration."),
    Words("担当者よりご連絡いたします。", "One of us will get in touch with you."),
    Words(
        "あおば計測株式会社は、ご入力いただいた情報をお問い合わせへの回答と製品のご案内に使います。"
        "第三者には提供しません。ご案内はいつでも停止できます。",
        "Aoba Instruments uses what you enter to answer you and to tell you about its products. We give it to nobody"
        " else, and you can object at any time.",
    ),
)
"""Title, introduction, thanks, and what is agreed to."""

FAMILY = (
    ("田中", "タナカ", "Tanaka"),
    ("鈴木", "スズキ", "Suzuki"),
    ("高橋", "タカハシ", "Takahashi"),
    ("伊藤", "イトウ", "Ito"),
    ("渡辺", "ワタナベ", "Watanabe"),
    ("吉田", "ヨシダ", "Yoshida"),
    ("山口", "ヤマグチ", "Yamaguchi"),
    ("松本", "マツモト", "Matsumoto"),
    ("林", "ハヤシ", "Hayashi"),
    ("斎藤", "サイトウ", "Saito"),
    ("岡田", "オカダ", "Okada"),
    ("藤井", "フジイ", "Fujii"),
    ("西村", "ニシムラ", "Nishimura"),
    ("石井", "イシイ", "Ishii"),
    ("原田", "ハラダ", "Harada"),
    ("小川", "オガワ", "Ogawa"),
    ("中島", "ナカジマ", "Nakajima"),
    ("藤田", "フジタ", "Fujita"),
)
GIVEN = (
    ("健一", "ケンイチ", "Kenichi"),
    ("美咲", "ミサキ", "Misaki"),
    ("大輔", "ダイスケ", "Daisuke"),
    ("由美", "ユミ", "Yumi"),
    ("翔太", "ショウタ", "Shota"),
    ("恵子", "ケイコ", "Keiko"),
    ("拓也", "タクヤ", "Takuya"),
    ("直子", "ナオコ", "Naoko"),
    ("誠", "マコト", "Makoto"),
    ("彩", "アヤ", "Aya"),
    ("隆", "タカシ", "Takashi"),
    ("麻衣", "マイ", "Mai"),
)
COMPANY_HEADS = (
    ("東和", "Towa"), ("日新", "Nisshin"), ("大栄", "Daiei"), ("三協", "Sankyo"), ("北斗", "Hokuto"), ("光洋", "Koyo"),
    ("丸山", "Maruyama"), ("富士見", "Fujimi"), ("共立", "Kyoritsu"), ("青葉台", "Aobadai"), ("瑞穂", "Mizuho"),
    ("若松", "Wakamatsu"), ("千代田", "Chiyoda"), ("新星", "Shinsei"), ("白川", "Shirakawa"), ("旭", "Asahi"),
    ("明和", "Meiwa"), ("双葉", "Futaba"), ("城南", "Jonan"), ("平和", "Heiwa"), ("桜井", "Sakurai"),
)  # fmt: skip
INDUSTRIES = (
    (Words("自動車部品", "automotive parts"), Words("精工", "Seiko")),
    (Words("化学", "chemicals"), Words("化学工業", "Chemical")),
    (Words("食品", "food"), Words("食品", "Foods")),
    (Words("電子部品", "electronics"), Words("電子", "Electronics")),
    (Words("商社", "trading"), Words("商事", "Trading")),
)
PREFECTURES = (
    Words("東京都", "Tokyo"),
    Words("神奈川県", "Kanagawa"),
    Words("愛知県", "Aichi"),
    Words("大阪府", "Osaka"),
    Words("兵庫県", "Hyogo"),
    Words("福岡県", "Fukuoka"),
    Words("静岡県", "Shizuoka"),
    Words("埼玉県", "Saitama"),
)
JOB_TITLES = (
    (Words("品質保証部長", "Head of quality"), 0.9),
    (Words("製造課長", "Production manager"), 0.75),
    (Words("設備担当", "Plant engineer"), 0.55),
    (Words("購買担当", "Buyer"), 0.45),
    (Words("総務", "General affairs"), 0.2),
    (Words("学生", "Student"), 0.02),
)
PRODUCTS = (
    Words("非接触変位計", "Laser displacement gauge"),
    Words("表面粗さ計", "Roughness tester"),
    Words("校正サービス", "Calibration service"),
)


def first_version(language: str) -> dict[str, Any]:
    """Version 1: counts any interest."""
    say = Words.say
    return {
        "threshold": 20,
        "reason": say(Words("最初の共通定義です。", "Our first definition."), language),
        "criteria": [
            {
                "condition": {"touches": {"kind": "", "at_least": 1, "within_days": 90}},
                "points": 15,
                "why": say(Words("何らかの関心を示した", "They showed some interest"), language),
            },
            {
                "condition": {"field": "company", "op": "is_present"},
                "points": 5,
                "why": say(Words("会社名が分かる", "We know the company"), language),
            },
        ],
    }


def second_version(language: str) -> dict[str, Any]:
    """Version 2: who they are and what they did, with reasons for exclusion."""
    say = Words.say
    trading = INDUSTRIES[4][0].say(language)
    student = JOB_TITLES[5][0].say(language)
    return {
        "threshold": 40,
        "reason": say(
            Words(
                "差し戻しの6割が「ターゲット外」と「ニーズなし」でした。規模と行動を条件に加えます。",
                "Six of ten rejections said no fit or no need. We add size and behaviour.",
            ),
            language,
        ),
        "criteria": [
            {
                "condition": {"field": "employees", "op": "at_least", "value": 100},
                "points": 20,
                "why": say(
                    Words("100名以上の工場では校正の予算がある", "Plants of 100 and more have a calibration budget"),
                    language,
                ),
            },
            {
                "condition": {
                    "any": [
                        {"touches": {"kind": "inquiry", "at_least": 1, "within_days": 60}},
                        {"touches": {"kind": "seminar", "at_least": 1, "within_days": 60}},
                        {"touches": {"kind": "download", "at_least": 2, "within_days": 60}},
                    ]
                },
                "points": 20,
                "why": say(Words("自分から調べている", "They are looking by themselves"), language),
            },
            {
                "condition": {"field": "is_key_account", "op": "is_true"},
                "points": 20,
                "why": say(Words("重点アカウントは必ず渡す", "Key accounts are always handed over"), language),
            },
            {
                "kind": "disqualifier",
                "condition": {"field": "job_title", "op": "contains", "value": student},
                "points": 0,
                "why": say(Words("購入の対象外", "Does not buy"), language),
            },
            {
                "kind": "disqualifier",
                "condition": {
                    "all": [
                        {"field": "industry", "op": "is", "value": trading},
                        {"field": "is_free_mail", "op": "is_true"},
                    ]
                },
                "points": 0,
                "why": say(Words("転売目的が多い", "Mostly resellers"), language),
            },
        ],
    }


RECORDS_TODAY = (
    ("paper", Words("紙の帳票", "Paper forms")),
    ("spreadsheet", Words("表計算ソフト", "Spreadsheets")),
    ("other_product", Words("他社製品", "Another product")),
)
"""How a plant keeps its measurements before it is a customer: the values of a custom field."""

NEW_YEAR = Words("年末年始休業", "New Year closing")
SUMMER = Words("夏季休業", "Summer closing")
