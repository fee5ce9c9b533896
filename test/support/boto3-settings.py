"""What a vault has beside its archives, with boto3: tags, the access policy, whom it tells.

Usage: boto3-settings.py ENDPOINT

Every step prints a line; a step that fails raises.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

VAULT = "settings"
TOPIC = "arn:aws:sns:us-east-1:111122223333:jobs"
EVENTS = ["InventoryRetrievalCompleted", "ArchiveRetrievalCompleted"]


def refused(code, call, **parameters):
    try:
        call(vaultName=VAULT, **parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError(f"{call} should have been refused: {code}")


def tags(glacier):
    wanted = {f"tag {number}": str(number) for number in range(50)}
    glacier.add_tags_to_vault(vaultName=VAULT, Tags=wanted)
    status = refused("LimitExceededException", glacier.add_tags_to_vault, Tags={"tag 50": "one too many"})
    assert status == 400, status
    assert glacier.list_tags_for_vault(vaultName=VAULT)["Tags"] == wanted
    glacier.remove_tags_from_vault(vaultName=VAULT, TagKeys=list(wanted))
    assert glacier.list_tags_for_vault(vaultName=VAULT)["Tags"] == {}
    print("set 50 tags and not the 51st")


def access_policy(glacier):
    arn = glacier.describe_vault(vaultName=VAULT)["VaultARN"]
    archive = glacier.upload_archive(vaultName=VAULT, body=b"bytes")["archiveId"]
    statement = {"Effect": "Deny", "Principal": "*", "Action": "glacier:DeleteArchive", "Resource": arn}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=3)
    assert refused("ResourceNotFoundException", glacier.get_vault_access_policy) == 404
    glacier.set_vault_access_policy(vaultName=VAULT, policy={"Policy": text})
    assert glacier.get_vault_access_policy(vaultName=VAULT)["policy"]["Policy"] == text
    assert refused("AccessDeniedException", glacier.delete_archive, archiveId=archive) == 403
    glacier.delete_vault_access_policy(vaultName=VAULT)
    glacier.delete_archive(vaultName=VAULT, archiveId=archive)
    print("was denied a deletion by the access policy, and not without it")


def notifications(glacier):
    assert refused("ResourceNotFoundException", glacier.get_vault_notifications) == 404
    wanted = {"SNSTopic": TOPIC, "Events": EVENTS}
    glacier.set_vault_notifications(vaultName=VAULT, vaultNotificationConfig=wanted)
    assert glacier.get_vault_notifications(vaultName=VAULT)["vaultNotificationConfig"] == wanted
    glacier.delete_vault_notifications(vaultName=VAULT)
    assert refused("ResourceNotFoundException", glacier.get_vault_notifications) == 404
    print("set, read and removed a notification configuration")


def main(endpoint):
    glacier = boto3.client("glacier", endpoint_url=endpoint, config=Config(retries={"max_attempts": 0}))
    glacier.create_vault(vaultName=VAULT)
    tags(glacier)
    access_policy(glacier)
    notifications(glacier)


if __name__ == "__main__":
    main(*sys.argv[1:])
