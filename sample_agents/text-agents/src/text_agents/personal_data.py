"""What in a text identifies persons, told so that it can be found and not be used."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from document_schemas import DocumentText, PersonalData, PersonalDatum, PersonalDatumKind
from phonenumbers import Leniency, PhoneNumberMatcher
from pydantic import BaseModel, ConfigDict, Field

from registry_core import Example, Resources, agent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["PersonalDataConfig", "find_personal_data"]


class PersonalDataConfig(BaseModel):
    """Where a text is from.

    Attributes:
        region: Country (ISO 3166, two letters) whose phone numbers are written without a
            country code; empty when all have one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str = Field(default="US", pattern="^([A-Z]{2})?$")


_ANYWHERE = PersonalDataConfig()


@agent(
    capabilities={"content_analysis.personal_data": 0.7},
    tags=["privacy", "pii", "offline"],
    cost=1.0,
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=60,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={"text": {"title": "", "source_name": "", "text": "Write to ada@example.org."}},
            output={
                "personal_data": [
                    {"kind": "email address", "masked": "a\u2026@\u2026.org", "occurrences": 1}
                ]
            },
        )
    ],
)
def find_personal_data(text: DocumentText, config: PersonalDataConfig = _ANYWHERE) -> PersonalData:
    """Find e-mail addresses, phone numbers, bank accounts, payment cards and network addresses.

    What has check digits is checked by them; addresses of private networks do not count, for
    they identify nobody. Values are masked: a report on personal data must not hold any.
    """
    found = sorted(_find(text.text, config.region), key=lambda one: one.start)
    counted = Counter(one.value for one in found)
    first = {one.value: one for one in reversed(found)}
    return PersonalData(
        personal_data=tuple(
            PersonalDatum(kind=first[value].kind, masked=first[value].masked, occurrences=count)
            for value, count in counted.items()
        )
    )


_EMAIL = re.compile(
    r"(?<![\w.%+-])([\w%+-][\w.%+-]{0,63})@((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24})(?![\w-])",
    re.IGNORECASE | re.ASCII,
)
_IBAN = re.compile(r"(?<![A-Z0-9])([A-Z]{2})\d{2}(?:[ ]?[A-Z0-9]){11,30}", re.ASCII)
_CARD = re.compile(
    r"(?<![\d.-])(?<!\d )(?:[2-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([ -]?)\d{6}\2\d{5})"
    r"(?![ -]?\d)",
    re.ASCII,
)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)", re.ASCII)

# Lengths by country, from the IBAN registry (ISO 13616).
_IBAN_LENGTHS = {
    row[index : index + 2]: length
    for length, row in {
        15: "NO",
        16: "BE",
        18: "DKFIFOGLNL",
        19: "MKSI",
        20: "ATBAEEKZLTLUXK",
        21: "CHHRLILV",
        22: "BGBHCRDEGBGEIEMERS",
        23: "AEGIILTL",
        24: "ADCZESMDPKROSASESKTNVG",
        25: "PT",
        26: "ISTR",
        27: "FRGRITMCMRSM",
        28: "ALAZCYDOGTHULBPL",
        29: "BRPSQAUA",
        30: "JOKWMU",
        31: "MT",
    }.items()
    for index in range(0, len(row), 2)
}


@dataclass(frozen=True, slots=True)
class _Found:
    """A datum and where it stands; *value* is its normal form and stays in this module."""

    kind: PersonalDatumKind
    start: int
    end: int
    value: str
    masked: str


def _find(text: str, region: str) -> Iterator[_Found]:
    """Yield data kind by kind, what can be checked first; what is found is not looked at again."""
    for find in (_emails, _bank_accounts, _payment_cards, _network_addresses):
        found = tuple(find(text))
        yield from found
        text = _blank(text, found)
    yield from _phone_numbers(text, region)


def _blank(text: str, found: Iterable[_Found]) -> str:
    kept, pieces = 0, list[str]()
    for one in found:
        pieces += text[kept : one.start], " " * (one.end - one.start)
        kept = one.end
    return "".join((*pieces, text[kept:]))


def _emails(text: str) -> Iterator[_Found]:
    for match in _EMAIL.finditer(text):
        domain = match[2].rpartition(".")[2]
        masked = f"{match[1][0].lower()}\u2026@\u2026.{domain}"
        yield _Found("email address", *match.span(), match[0].lower(), masked)


def _bank_accounts(text: str) -> Iterator[_Found]:
    """Yield accounts, cut to the length of their country: capitals may follow one."""
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match[1], 0)
        end, compact = match.start(), ""
        while len(compact) < length and end < match.end():
            compact += text[end].strip()
            end += 1
        if length and len(compact) == length and _passes_mod_97(compact):
            masked = f"{compact[:2]} \u2026{compact[-2:]}"
            yield _Found("bank account", match.start(), end, compact, masked)


def _payment_cards(text: str) -> Iterator[_Found]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if _passes_luhn(digits):
            yield _Found("payment card", *match.span(), digits, f"\u2026{digits[-4:]}")


def _network_addresses(text: str) -> Iterator[_Found]:
    for match in _IPV4.finditer(text):
        if _is_public(match[0]):
            masked = f"{match[0].partition('.')[0]}.\u2026"
            yield _Found("network address", *match.span(), match[0], masked)


def _phone_numbers(text: str, region: str) -> Iterator[_Found]:
    for number in PhoneNumberMatcher(text, region or None, leniency=Leniency.VALID):
        country, national = f"+{number.number.country_code}", str(number.number.national_number)
        masked = f"{country} \u2026{national[-2:]}"
        yield _Found("phone number", number.start, number.end, country + national, masked)


def _passes_mod_97(compact: str) -> bool:
    moved = compact[4:] + compact[:4]
    return int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 -- two digits
    return total % 10 == 0


def _is_public(address: str) -> bool:
    try:
        return ipaddress.IPv4Address(address).is_global
    except ValueError:
        return False
