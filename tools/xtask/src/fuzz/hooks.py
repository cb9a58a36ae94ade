"""Hooks of schemathesis: they keep it signed in, and keep rules that no schema can express.

`cargo xtask fuzz` sets the account in the environment.
"""

import os
import re
from datetime import date

import requests
import schemathesis

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


def by_rule(name, value):
    # A date of birth is not in the future. The year 2000 has a 29 February, in case the date is one.
    is_year_first = isinstance(value, str) and re.match("[0-9]{4}-", value)
    if name == "date_of_birth" and is_year_first and value > str(date.today()):
        return "2000" + value[4:]
    return value


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
