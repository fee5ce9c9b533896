"""Moves archives in and out with boto3, in two steps: `fill` before the server is killed, `check` after it is back.

Usage: boto3-run.py fill|check ENDPOINT NOTES

NOTES is a JSON file that `fill` writes and `check` reads. Every step prints a line; a step that fails raises.
"""

import hashlib
import io
import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.utils import calculate_tree_hash

MIB = 1024 * 1024
VAULT = "boto3"
JOBS = 124
PART = 4 * MIB


def noise(size, seed):
    return hashlib.shake_256(seed.encode()).digest(size)


def tree_hash(data):
    return calculate_tree_hash(io.BytesIO(data))


WHOLE = noise(5 * MIB, "whole")
PARTED = noise(7 * MIB, "parted")


def finished(glacier, job):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        description = glacier.describe_job(vaultName=VAULT, jobId=job)
        if description["Completed"]:
            assert description["StatusCode"] == "Succeeded", description
            return description
        time.sleep(0.02)
    raise AssertionError(f"the job {job} does not end")


def start(glacier, **parameters):
    return glacier.initiate_job(vaultName=VAULT, jobParameters=parameters)["jobId"]


def output(glacier, job, **more):
    answer = glacier.get_job_output(vaultName=VAULT, jobId=job, **more)
    return answer, answer["body"].read()


def upload(glacier):
    answer = glacier.create_vault(vaultName=VAULT)
    assert answer["location"].endswith(f"/vaults/{VAULT}"), answer
    answer = glacier.upload_archive(vaultName=VAULT, archiveDescription="whole", body=WHOLE)
    assert answer["checksum"] == tree_hash(WHOLE), answer
    whole = answer["archiveId"]
    print("uploaded 5 MiB")

    started = glacier.initiate_multipart_upload(vaultName=VAULT, archiveDescription="parted", partSize=str(PART))
    for first in range(0, len(PARTED), PART):
        body = PARTED[first : first + PART]
        glacier.upload_multipart_part(
            vaultName=VAULT,
            uploadId=started["uploadId"],
            range=f"bytes {first}-{first + len(body) - 1}/*",
            body=body,
        )
    answer = glacier.complete_multipart_upload(
        vaultName=VAULT,
        uploadId=started["uploadId"],
        archiveSize=str(len(PARTED)),
        checksum=tree_hash(PARTED),
    )
    print("uploaded 7 MiB in parts")
    return whole, answer["archiveId"]


def start_jobs(glacier, whole, parted):
    """124 jobs, oldest first: whole, ranged, both inventories, and then many more of a kind."""
    jobs = [
        start(glacier, Type="archive-retrieval", ArchiveId=whole),
        start(glacier, Type="archive-retrieval", ArchiveId=parted, RetrievalByteRange=f"{PART}-{7 * MIB - 1}"),
        start(glacier, Type="inventory-retrieval", Format="JSON"),
        start(glacier, Type="inventory-retrieval", Format="CSV"),
    ]
    while len(jobs) < JOBS:
        jobs.append(start(glacier, Type="archive-retrieval", ArchiveId=parted, Tier="Bulk"))
    return jobs


def check_archives(glacier, jobs):
    description = finished(glacier, jobs[0])
    assert description["SHA256TreeHash"] == tree_hash(WHOLE), description
    answer, body = output(glacier, jobs[0])
    assert (answer["status"], answer["checksum"], answer["archiveDescription"]) == (200, tree_hash(WHOLE), "whole")
    assert body == WHOLE
    print("retrieved 5 MiB whole")

    description = finished(glacier, jobs[1])
    assert description["RetrievalByteRange"] == f"{PART}-{7 * MIB - 1}", description
    answer, body = output(glacier, jobs[1])
    assert answer["checksum"] == tree_hash(PARTED[PART:]), answer
    assert body == PARTED[PART:]
    answer, body = output(glacier, jobs[1], range=f"bytes=0-{MIB - 1}")
    assert answer["status"] == 206 and answer["contentRange"] == f"bytes 0-{MIB - 1}/{3 * MIB}", answer
    assert answer["checksum"] == tree_hash(body) and body == PARTED[PART : PART + MIB]
    print("retrieved 3 MiB of 7 MiB, and the first MiB of these")


def check_inventories(glacier, jobs, whole, parted):
    finished(glacier, jobs[2])
    answer, body = output(glacier, jobs[2])
    assert answer["contentType"] == "application/json" and "checksum" not in answer, answer
    listed = [(e["ArchiveId"], e["ArchiveDescription"], e["Size"], e["SHA256TreeHash"]) for e in json.loads(body)["ArchiveList"]]
    held = [
        (whole, "whole", len(WHOLE), tree_hash(WHOLE)),
        (parted, "parted", len(PARTED), tree_hash(PARTED)),
    ]
    assert listed == held, listed
    description = finished(glacier, jobs[3])
    answer, body = output(glacier, jobs[3])
    assert answer["contentType"] == "text/csv" and description["InventorySizeInBytes"] == len(body), answer
    lines = body.decode().splitlines()
    assert lines[0] == "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash", lines
    assert [line.split(",")[0] for line in lines[1:]] == [whole, parted], lines
    print("retrieved both inventories")


def check_list(glacier, jobs):
    pages = list(glacier.get_paginator("list_jobs").paginate(vaultName=VAULT))
    assert [len(page["JobList"]) for page in pages] == [50, 50, JOBS - 100], [len(page["JobList"]) for page in pages]
    listed = [job for page in pages for job in page["JobList"]]
    assert sorted(job["JobId"] for job in listed) == sorted(jobs)
    dates = [job["CreationDate"] for job in listed]
    assert dates == sorted(dates, reverse=True), "not newest first"
    when = {job["JobId"]: job["CreationDate"] for job in listed}
    # Jobs of one millisecond may come in any order among themselves.
    assert dates == [when[job] for job in reversed(jobs)], "not in the order of their making"
    print(f"listed {len(listed)} jobs newest first over {len(pages)} pages")


def check_vault(glacier):
    vault = glacier.describe_vault(vaultName=VAULT)
    assert vault["NumberOfArchives"] == 2, vault
    assert vault["SizeInBytes"] == len(WHOLE) + len(PARTED) + 2 * 32 * 1024, vault


def retrieve_again(glacier, endpoint, whole):
    """A new retrieval of what was stored before, through boto3's other face, its resources."""
    archive = boto3.resource("glacier", endpoint_url=endpoint).Archive("-", VAULT, whole)
    job = archive.initiate_archive_retrieval()
    finished(glacier, job.id)
    assert job.get_output()["body"].read() == WHOLE
    print("retrieved 5 MiB again")


def main(step, endpoint, notes):
    # Without retries a connection that dies is seen.
    glacier = boto3.client("glacier", endpoint_url=endpoint, config=Config(retries={"max_attempts": 0}))
    if step == "fill":
        whole, parted = upload(glacier)
        jobs = start_jobs(glacier, whole, parted)
        with open(notes, "w", encoding="utf-8") as file:
            json.dump({"whole": whole, "parted": parted, "jobs": jobs}, file)
    with open(notes, encoding="utf-8") as file:
        kept = json.load(file)
    check_archives(glacier, kept["jobs"])
    check_inventories(glacier, kept["jobs"], kept["whole"], kept["parted"])
    check_list(glacier, kept["jobs"])
    check_vault(glacier)
    if step == "check":
        retrieve_again(glacier, endpoint, kept["whole"])


if __name__ == "__main__":
    main(*sys.argv[1:])
