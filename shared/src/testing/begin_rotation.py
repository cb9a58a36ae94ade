"""Begins a rotation in moto: `begin_rotation.py ENDPOINT SECRET VERSION`.

moto keeps a version pending only if the secret has a rotation function, so this makes one that does nothing.
The test invokes the steps itself.
"""
import io
import sys
import zipfile

import boto3
import requests

endpoint, secret, version = sys.argv[1:]
requests.post(f"{endpoint}/moto-api/config", json={"lambda": {"use_docker": False}}).raise_for_status()


def client(service):
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", **keys)


code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("bootstrap", "")
name = f"rotation-{version}"
role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
function = client("lambda").create_function(
    FunctionName=name,
    Role=role,
    Runtime="provided.al2023",
    Handler="bootstrap",
    Code={"ZipFile": code.getvalue()},
)["FunctionArn"]
client("secretsmanager").rotate_secret(
    SecretId=secret, ClientRequestToken=version, RotationLambdaARN=function
)
