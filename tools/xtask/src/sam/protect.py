"""Switches on the termination protection of a stack, which sam cannot do: `protect.py STACK REGION`."""

import sys

import boto3

stack, region = sys.argv[1:]
client = boto3.client("cloudformation", region_name=region)
client.update_termination_protection(StackName=stack, EnableTerminationProtection=True)
