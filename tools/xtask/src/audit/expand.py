"""Prints a template as SAM expands it: with CloudFormation's own resources, which most rules are about.

Metadata of a SAM resource goes to all resources that are made of it, and with it the suppressed rules.
"""

import json
import logging
import os
import sys

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """AWS's own policies by their names, which would have to be looked up in an account."""

    def load(self):
        return {}


# It warns of switches that AWS alone has.
logging.disable(logging.WARNING)
# Some region, which only partitions depend on.
os.environ["AWS_DEFAULT_REGION"] = "eu-central-1"

with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file)

# `sam deploy` uploads the code first.
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"

try:
    expanded = transform(template, {}, NoManagedPolicies(), passthrough_metadata=True)
except InvalidDocumentException as error:
    sys.exit("\n".join(cause.message for cause in error.causes))
json.dump(expanded, sys.stdout, indent=1)
