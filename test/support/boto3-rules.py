"""Rules of vaults with boto3: paging, tags, access policies, locks, retrieval policies, capacity, and a second account.

Usage: boto3-rules.py ENDPOINT OTHER_KEYS

OTHER_KEYS is a JSON file: {"accountId", "accessKeyId", "secretAccessKey"} of an account that owns nothing.
Every step prints a line; a step that fails raises.
"""

import json
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

CONFIG = Config(retries={"max_attempts": 0})


def refused(call, code, **arguments):
    """Makes a call that must be refused, and returns the message."""
    try:
        call(**arguments)
    except ClientError as error:
        found = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
        assert found == code, (found, error)
        return error.response["Error"]["Message"]
    raise AssertionError(f"{call.__name__} was not refused")


DENIED = ("AccessDeniedException", 403)
INVALID = ("InvalidParameterValueException", 400)
LIMIT = ("LimitExceededException", 400)
MISSING = ("ResourceNotFoundException", 404)
ENFORCED = ("PolicyEnforcedException", 400)


def policy(arn, **statement):
    statement = {"Principal": {"AWS": "*"}, "Resource": arn, **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def pages_of_vaults(glacier):
    for number in range(23):
        glacier.create_vault(vaultName=f"paged-{number:02}")
    pages = [page["VaultList"] for page in glacier.get_paginator("list_vaults").paginate()]
    assert [len(page) for page in pages] == [10, 10, 3], [len(page) for page in pages]
    names = [vault["VaultName"] for page in pages for vault in page]
    assert names == [f"paged-{number:02}" for number in range(23)], names
    print("listed 23 vaults by ten")


def tags(glacier):
    vault = "paged-00"
    glacier.add_tags_to_vault(vaultName=vault, Tags={f"tag-{number:02}": "" for number in range(50)})
    refused(glacier.add_tags_to_vault, LIMIT, vaultName=vault, Tags={"one-more": "1"})
    found = glacier.list_tags_for_vault(vaultName=vault)["Tags"]
    assert sorted(found) == [f"tag-{number:02}" for number in range(50)], found
    print("refused the 51st tag")


def access_policy(glacier):
    vault = "paged-01"
    arn = glacier.describe_vault(vaultName=vault)["VaultARN"]
    archive = glacier.upload_archive(vaultName=vault, body=b"kept")["archiveId"]
    text = policy(arn, Effect="Deny", Action=["glacier:DeleteArchive"])
    glacier.set_vault_access_policy(vaultName=vault, policy={"Policy": text})
    assert glacier.get_vault_access_policy(vaultName=vault)["policy"]["Policy"] == text
    refused(glacier.delete_archive, DENIED, vaultName=vault, archiveId=archive)
    glacier.delete_vault_access_policy(vaultName=vault)
    refused(glacier.get_vault_access_policy, MISSING, vaultName=vault)
    glacier.delete_archive(vaultName=vault, archiveId=archive)
    print("a Deny stopped root until it was removed")


def lock(glacier):
    vault = "paged-02"
    arn = glacier.describe_vault(vaultName=vault)["VaultARN"]
    archive = glacier.upload_archive(vaultName=vault, body=b"locked")["archiveId"]
    condition = {"NumericLessThan": {"glacier:ArchiveAgeInDays": "365"}}
    text = policy(arn, Effect="Deny", Action="glacier:DeleteArchive", Condition=condition)
    lock_id = glacier.initiate_vault_lock(vaultName=vault, policy={"Policy": text})["lockId"]
    assert glacier.get_vault_lock(vaultName=vault)["State"] == "InProgress"
    refused(glacier.delete_archive, DENIED, vaultName=vault, archiveId=archive)
    refused(glacier.initiate_vault_lock, DENIED, vaultName=vault, policy={"Policy": text})
    refused(glacier.complete_vault_lock, INVALID, vaultName=vault, lockId="x" * 24)
    for _ in range(2):
        glacier.complete_vault_lock(vaultName=vault, lockId=lock_id)
    refused(glacier.complete_vault_lock, DENIED, vaultName=vault, lockId="x" * 24)
    refused(glacier.abort_vault_lock, DENIED, vaultName=vault)
    found = glacier.get_vault_lock(vaultName=vault)
    assert (found["State"], found["Policy"]) == ("Locked", text), found
    assert "ExpirationDate" not in found, found
    refused(glacier.delete_archive, DENIED, vaultName=vault, archiveId=archive)
    refused(glacier.delete_vault, INVALID, vaultName=vault)
    print("a lock denied from its first moment, and for ever")


def retrieval_policy(glacier):
    vault = "paged-03"
    archive = glacier.upload_archive(vaultName=vault, body=b"x" * 300_000)["archiveId"]
    start = {"Type": "archive-retrieval", "ArchiveId": archive}
    rule = {"Strategy": "BytesPerHour", "BytesPerHour": 1000}
    glacier.set_data_retrieval_policy(Policy={"Rules": [rule]})
    assert glacier.get_data_retrieval_policy()["Policy"] == {"Rules": [rule]}
    message = refused(glacier.initiate_job, ENFORCED, vaultName=vault, jobParameters={**start, "Tier": "Standard"})
    assert message == "InitiateJob request denied by current data retrieval policy.", message
    assert glacier.list_jobs(vaultName=vault)["JobList"] == []
    glacier.initiate_job(vaultName=vault, jobParameters={**start, "Tier": "Expedited"})
    glacier.set_data_retrieval_policy(Policy={"Rules": [{"Strategy": "None"}]})
    glacier.initiate_job(vaultName=vault, jobParameters={**start, "Tier": "Standard"})
    print("1,000 bytes an hour refused a Standard job and let an Expedited one pass")


def capacity(glacier):
    bought = [glacier.purchase_provisioned_capacity()["capacityId"] for _ in range(2)]
    refused(glacier.purchase_provisioned_capacity, LIMIT)
    found = glacier.list_provisioned_capacity()["ProvisionedCapacityList"]
    assert sorted(unit["CapacityId"] for unit in found) == sorted(bought), found
    print("refused a third capacity unit")


def second_account(glacier, other, other_id):
    vault = "paged-04"
    arn = glacier.describe_vault(vaultName=vault)["VaultARN"]
    owner = arn.split(":")[4]
    assert other.list_vaults()["VaultList"] == []
    refused(other.describe_vault, MISSING, vaultName=vault)
    there = refused(other.describe_vault, DENIED, accountId=owner, vaultName=vault)
    missing = refused(other.describe_vault, DENIED, accountId=owner, vaultName="nowhere")
    assert there == missing, (there, missing)
    text = policy(arn, Effect="Allow", Principal={"AWS": other_id}, Action="glacier:DescribeVault")
    glacier.set_vault_access_policy(vaultName=vault, policy={"Policy": text})
    assert other.describe_vault(accountId=owner, vaultName=vault)["VaultARN"] == arn
    refused(other.list_jobs, DENIED, accountId=owner, vaultName=vault)
    refused(other.describe_vault, DENIED, accountId=owner, vaultName="paged-05")
    print("a second account saw nothing, and then the one vault that let it in")


def main(endpoint, other_keys):
    with open(other_keys, encoding="utf-8") as file:
        other = json.load(file)
    session = boto3.Session(
        aws_access_key_id=other["accessKeyId"],
        aws_secret_access_key=other["secretAccessKey"],
        region_name=os.environ["AWS_DEFAULT_REGION"],
    )
    glacier = boto3.client("glacier", endpoint_url=endpoint, config=CONFIG)
    pages_of_vaults(glacier)
    tags(glacier)
    access_policy(glacier)
    lock(glacier)
    retrieval_policy(glacier)
    capacity(glacier)
    second_account(glacier, session.client("glacier", endpoint_url=endpoint, config=CONFIG), other["accountId"])


main(*sys.argv[1:])
