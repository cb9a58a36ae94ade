"""Hooks of schemathesis: they keep it signed in, and keep rules that no schema can express.

`cargo xtask fuzz` sets the account in the environment.
"""

import os
import re
import unicodedata
from datetime import date
from urllib.parse import parse_qsl, urlsplit

import requests
import schemathesis
from schemathesis.core.failures import AcceptedNegativeData

CREDENTIALS = {"username": os.environ["FUZZ_USERNAME"], "password": os.environ["FUZZ_PASSWORD"]}

# The ids of the accounts that sign in, and of one that requests may change instead.
IN_USE = os.environ["FUZZ_IN_USE"].split()
SPARE = os.environ["FUZZ_SPARE"]


def is_protected(context):
    return bool(context.operation.definition.raw.get("security"))


# Schemathesis must ask for the token every time, because these hooks know when it is no longer valid. After a 401 it
# repeats the request with the next token, except in sequences.
@schemathesis.auth(refresh_interval=0).apply_to(is_protected)
class Session:
    token = None

    def get(self, case, context):
        token = Session.token
        if token is None:
            url = f"{case.operation.base_url.rstrip('/')}/api/auth/login/"
            answer = requests.post(url, json=CREDENTIALS, timeout=30)
            answer.raise_for_status()
            token = Session.token = answer.json()["access"]
        return token

    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook("after_call").apply_to(operation_id=["auth-logout", "auth-session-revoke"])
def ended(context, case, response):
    Session.token = None


@schemathesis.hook("after_call")
def refused(context, case, response):
    sent = response.request.headers.get("Authorization")
    if response.status_code == 401 and sent == f"Bearer {Session.token}":
        Session.token = None


@schemathesis.hook("before_call").apply_to(operation_id="users-update")
def spare_accounts_in_use(context, case, kwargs):
    if str(case.path_parameters.get("id")) in IN_USE:
        case.path_parameters["id"] = SPARE


@schemathesis.hook("before_call")
def keep_rules_without_schema(context, case, kwargs):
    if isinstance(case.body, dict):
        case.body = {name: by_rule(name, value) for name, value in case.body.items()}


# After a change, the record must have a name.
@schemathesis.hook("before_call").apply_to(operation_id=["doctors-update", "patients-update"])
def keep_a_name(context, case, kwargs):
    if isinstance(case.body, dict):
        names = [case.body.get(name, "kept") for name in ("first_name", "last_name")]
        if any(map(is_blank, names)) and (is_blank(names[1]) or names[1] == "kept"):
            case.body["last_name"] = "Roe"


WHITE = r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*"
TEXTS = {
    "first_name",
    "last_name",
    "former_names",
    "address",
    "medical_history",
    "specialization",
    "license_number",
    "system",
    "value",
}


def is_blank(value):
    return value is None or isinstance(value, str) and re.fullmatch(WHITE, value)


def by_rule(name, value):
    if isinstance(value, list):
        items = [by_rule(name, item) for item in value]
        return with_different_systems(items) if name == "identifiers" else items
    if isinstance(value, dict):
        return {name: by_rule(name, item) for name, item in value.items()}
    if not isinstance(value, str):
        return value
    if name in TEXTS:
        return "".join(map(allowed, value))
    if name == "date_of_birth":
        return existing_day(value, range(date.today().year - 149, date.today().year - 1), 2000)
    if name == "deceased_at":
        # After each of these dates of birth, and after that of the record.
        last_year = date.today().year - 1
        return existing_day(value, [last_year], last_year)
    return value


def allowed(character):
    """Replaces what no pattern excludes: noncharacters and ignorable characters beyond U+FFFF, and marks.

    A mark alone is not visible.
    """
    code = ord(character)
    is_refused = code > 0xFFFF and (code & 0xFFFE == 0xFFFE or code >= 0xE0000)
    is_mark = code > 0x36F and unicodedata.category(character).startswith("M")
    return "x" if is_refused or is_mark else character


def existing_day(text, years, year):
    """Returns the date in one of the years. It is not a 29 February, which most years do not have."""
    written = re.match(r"(\s*)([0-9]{4})(?=-|\s*$)(.*)", text, re.DOTALL)
    if not written or written[2] == "0000":
        return text
    before, given, after = written.groups()
    if int(given) not in years:
        given = str(year)
    return before + given + re.sub("^-02-29", "-02-28", after)


def with_different_systems(identifiers):
    systems = set()
    for at, identifier in enumerate(identifiers):
        if isinstance(identifier, dict) and isinstance(identifier.get("system"), str):
            system = unicodedata.normalize("NFKC", identifier["system"]).strip().casefold()
            if system in systems:
                identifier["system"] = f"system {at}"
            systems.add(system)
    return identifiers


@schemathesis.hook("filter_failure")
def reached_the_api(context, failure, case, response):
    """Ignores requests that do not reach the API: `cargo lambda watch` and its gateway answer them.

    Such requests have bodies that are not UTF-8, or invalid headers.
    """
    request = response.request
    try:
        if isinstance(request.body, bytes):
            request.body.decode()
    except UnicodeDecodeError:
        return False
    headers = map(str, request.headers.values())
    return all(header.isascii() and header.isprintable() for header in headers)


@schemathesis.hook("filter_failure")
def is_not_an_empty_parameter(context, failure, case, response):
    """Ignores that a parameter without a value is accepted: it is treated as absent, whatever its type."""
    query = urlsplit(response.request.url).query
    is_empty = any(value == "" for _, value in parse_qsl(query, keep_blank_values=True))
    return not (is_empty and isinstance(failure, AcceptedNegativeData))
