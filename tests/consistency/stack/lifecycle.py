"""Creates, updates and deletes the stack in moto's CloudFormation: `lifecycle.py EXPANDED SETS`.

EXPANDED is the template as SAM expands it. SETS are the parameter sets, as JSON: the stack is created with the first one
and updated to each of the others. Fails if a reference resolves to nothing, if a resource that a condition includes is
missing, or if something that must survive the deletion does not.
"""

import io
import json
import os
import sys
import zipfile

os.environ.update(AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local", AWS_DEFAULT_REGION="eu-central-1")

import boto3
from moto import mock_aws

import shim

STACK = "clinic"


def code():
    """Returns an archive in place of a function's code."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("bootstrap", "")
    return archive.getvalue()


def tables():
    return set(boto3.client("dynamodb").list_tables()["TableNames"])


def groups():
    found = boto3.client("logs").describe_log_groups()["logGroups"]
    return {group["logGroupName"] for group in found}


class Lifecycle:
    def __init__(self, template):
        self.template = template
        self.cloudformation = boto3.client("cloudformation")
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.s3.put_object(Bucket="bucket", Key="key", Body=code())

    def deploy(self, operation, parameters):
        """Creates or updates the stack, and returns the physical ids of its resources."""
        template = shim.included(self.template, parameters)
        # A template of this size is not accepted in a request's body.
        self.s3.put_object(Bucket="bucket", Key="template", Body=json.dumps(template))
        operation(
            StackName=STACK,
            TemplateURL="https://bucket.s3.amazonaws.com/template",
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        )
        stack = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        assert stack["StackStatus"].endswith("_COMPLETE"), stack["StackStatus"]
        assert not shim.unresolved, f"these references resolve to nothing: {shim.unresolved}"
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        assert outputs.keys() == self.template["Outputs"].keys(), outputs
        made = shim.resources(STACK, template)
        missing = template["Resources"].keys() - made.keys()
        assert not missing, f"these resources are missing: {missing}"
        return made

    def delete(self):
        self.cloudformation.delete_stack(StackName=STACK)
        left = [it["StackName"] for it in self.cloudformation.describe_stacks()["Stacks"]]
        assert not left, left


def run(template, sets):
    shim.install(template)
    life = Lifecycle(template)
    made = life.deploy(life.cloudformation.create_stack, sets[0])
    for parameters in sets[1:]:
        before, made = made, life.deploy(life.cloudformation.update_stack, parameters)
        for name in ("Table", "KeysTable", "AuditTable", "Key", "TokenSecret"):
            assert made[name] == before[name], f"the update replaces {name}"
        bucket = made.get("AuditBucket")
        assert bucket in (None, before["AuditBucket"]), "the update replaces the bucket"
    kept = {made["Table"], made["KeysTable"], made["AuditTable"]}
    assert tables() == kept, tables()
    logs = groups()
    life.delete()
    assert tables() == kept, f"the deletion leaves only the tables {tables()}"
    assert groups() == logs, f"the deletion removes the log groups {logs - groups()}"
    print(f"created, updated {len(sets) - 1} times and deleted: {len(made)} resources")


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        expanded = json.load(file)
    with mock_aws(config={"lambda": {"use_docker": False}}):
        run(expanded, json.loads(sys.argv[2]))
