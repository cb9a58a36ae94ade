"""Prints a template as SAM expands it: with CloudFormation's own resources, to which most rules apply.

The Metadata of a SAM resource, with its suppressed rules, is copied to all resources that SAM creates for it.
"""

import json
import logging
import os
import sys

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """No managed policies of AWS: looking up their names would need an account."""

    def load(self):
        return {}


# It warns about feature toggles that only AWS has.
logging.disable(logging.WARNING)
# Any region will do: it only determines the partition.
os.environ["AWS_DEFAULT_REGION"] = "eu-central-1"

with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file)

# `sam deploy` uploads the code and sets its location.
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"

try:
    expanded = transform(template, {}, NoManagedPolicies(), passthrough_metadata=True)
except InvalidDocumentException as error:
    sys.exit("\n".join(cause.message for cause in error.causes))
json.dump(expanded, sys.stdout, indent=1)
