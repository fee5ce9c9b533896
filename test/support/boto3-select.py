"""Queries on archives with boto3: their results, what is shown of them, what is refused, and one that fails.

Usage: boto3-select.py ENDPOINT BUCKETS

BUCKETS is the directory in which a bucket is a folder. Every step prints a line; a step that fails raises.
"""

import json
import sys
import time
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

VAULT = "select"
BUCKET = "answers"
CSV = 'name,city,age\nAnna,Oslo,41\n"Bo, jr.",Rome,7\nCem,Oslo,x\n'
INVALID = ("InvalidParameterValueException", 400)
MISSING = ("MissingParameterValueException", 400)


class Desk:
    """A vault that holds one archive, and the questions to it."""

    def __init__(self, glacier, buckets):
        self.glacier = glacier
        self.buckets = Path(buckets)
        glacier.create_vault(vaultName=VAULT)
        self.archive = self.upload(CSV.encode())

    def upload(self, body):
        return self.glacier.upload_archive(vaultName=VAULT, body=body)["archiveId"]

    def parameters(self, expression, prefix="out", output=None, archive=None, **s3):
        select = {
            "ExpressionType": "SQL",
            "Expression": expression,
            "InputSerialization": {"csv": {"FileHeaderInfo": "USE"}},
            "OutputSerialization": {"csv": output or {}},
        }
        location = {"S3": {"BucketName": BUCKET, "Prefix": prefix, **s3}}
        return {
            "Type": "select",
            "ArchiveId": archive or self.archive,
            "SelectParameters": select,
            "OutputLocation": location,
        }

    def start(self, parameters):
        return self.glacier.initiate_job(vaultName=VAULT, jobParameters=parameters)

    def ended(self, job):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            description = self.glacier.describe_job(vaultName=VAULT, jobId=job["jobId"])
            if description["Completed"]:
                del description["ResponseMetadata"]
                return description
            time.sleep(0.02)
        raise AssertionError(f"the job {job} does not end")

    def names(self, description):
        """The objects of a job, opaque names left out."""
        folder = self.buckets / BUCKET / description["JobOutputPath"]
        found = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        return [str(path) if path.parent == Path() else f"{path.parent}/*" for path in found]

    def read(self, description, manifest):
        lines = (self.buckets / BUCKET / description["JobOutputPath"] / manifest).read_text("utf-8").splitlines()
        return "".join((self.buckets / line.removeprefix("s3://")).read_text("utf-8") for line in lines)

    def results(self, expression, **more):
        description = self.ended(self.start(self.parameters(expression, **more)))
        assert description["StatusCode"] == "Succeeded", description
        names = self.names(description)
        assert names == ["job.txt", "result_manifest.txt", "results/*"], names
        return self.read(description, "result_manifest.txt")

    def refused(self, parameters, code, message):
        before = len(self.glacier.list_jobs(vaultName=VAULT)["JobList"])
        try:
            self.start(parameters)
        except ClientError as error:
            answer = error.response
            found = (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"])
            assert found == (*code, message), found
            assert len(self.glacier.list_jobs(vaultName=VAULT)["JobList"]) == before, "a job was left"
            return
        raise AssertionError(f"was not refused: {message}")


def happy(desk):
    rows = desk.results("SELECT s.name, s.age FROM archive s WHERE s.city = 'Oslo'")
    assert rows == "Anna,41\nCem,x\n", rows
    rows = desk.results("SELECT * FROM archive", prefix="a b/ü", output={"QuoteFields": "ALWAYS", "FieldDelimiter": ";"})
    assert rows == '"Anna";"Oslo";"41"\n"Bo, jr.";"Rome";"7"\n"Cem";"Oslo";"x"\n', rows
    counted = desk.results("SELECT COUNT(*), MAX(age) FROM archive WHERE age <> 'x'")
    assert counted == "2,41\n", counted
    assert desk.results("SELECT * FROM archive WHERE city = 'Ulm'") == ""
    print("read the results of four queries")


def shown(desk):
    parameters = desk.parameters("SELECT name FROM archive", StorageClass="STANDARD_IA", Tagging={"team": "blue"})
    job = desk.start({**parameters, "Description": "names", "Tier": "Expedited"})
    path = f"out/{job['jobId']}/"
    assert job["jobOutputPath"] == path, job
    description = desk.ended(job)
    asked = {
        "JobId": job["jobId"],
        "JobDescription": "names",
        "Action": "Select",
        "ArchiveId": desk.archive,
        "Completed": True,
        "StatusCode": "Succeeded",
        "StatusMessage": "Succeeded",
        "Tier": "Expedited",
        "JobOutputPath": path,
        "SelectParameters": parameters["SelectParameters"],
        "OutputLocation": parameters["OutputLocation"],
    }
    assert {name: description[name] for name in asked} == asked, description
    # botocore leaves out members that are null: sizes, hashes, the range and the topic.
    assert sorted(set(description) - set(asked)) == ["CompletionDate", "CreationDate", "VaultARN"], description
    listed = desk.glacier.list_jobs(vaultName=VAULT, limit="1")["JobList"]
    assert listed == [description], listed
    written = json.loads((desk.buckets / BUCKET / path / "job.txt").read_text("utf-8"))
    assert (written["JobId"], written["StatusCode"]) == (job["jobId"], "InProgress"), written
    try:
        desk.glacier.get_job_output(vaultName=VAULT, jobId=job["jobId"])
    except desk.glacier.exceptions.InvalidParameterValueException:
        print("saw a job as it was asked for, without an output to get")
        return
    raise AssertionError("there was an output to get")


def refusals(desk):
    def query(expression, message):
        desk.refused(desk.parameters(expression), INVALID, f"Invalid Expression: {message}")

    query("SELECT * FORM archive", "ParseUnexpectedToken: expected FROM, found FORM at line 1, column 10")
    query("SELECT * FROM archive ORDER BY age", "UnsupportedSqlStructure: ORDER is not supported at line 1, column 23")
    query(
        "SELECT t.name FROM archive s",
        "InvalidTableAlias: t is not what FROM calls the archive, which is s at line 1, column 8",
    )
    query(
        "SELECT CAST('x' AS INT) FROM archive",
        "CastFailed: CAST of type STRING to INT failed: 'x' at line 1, column 8",
    )
    asked = desk.parameters("SELECT * FROM archive")
    desk.refused({**asked, "OutputLocation": {}}, MISSING, "Required parameter missing: OutputLocation.S3")
    desk.refused(
        desk.parameters("SELECT * FROM archive", StorageClass="GLACIER"),
        INVALID,
        "Invalid OutputLocation.S3.StorageClass: GLACIER. "
        "It must be one of STANDARD, REDUCED_REDUNDANCY, STANDARD_IA.",
    )
    desk.refused(
        {**asked, "RetrievalByteRange": "0-9"}, INVALID, "RetrievalByteRange is not valid for a select job."
    )
    print("was refused seven times, and no job was left")


def error(code, record, byte, message):
    return {"code": code, "message": message, "recordNumber": record, "byteOffset": byte}


FAILURES = [
    (
        CSV.encode(),
        "SELECT CAST(age AS INT) FROM archive",
        error("CastFailed", 4, 44, "CAST of type STRING to INT failed: 'x'"),
    ),
    (
        CSV.encode(),
        'SELECT * FROM archive WHERE city = "Oslo"',
        error(
            "MissingHeaders",
            1,
            0,
            "The header has no column called 'Oslo'; double quotes hold the exact name of a column, single ones a text "
            "at line 1, column 36",
        ),
    ),
    (
        bytes([0x1F, 0x8B, 8, 0]),
        "SELECT * FROM archive",
        error(
            "InvalidTextEncoding", 1, 0, "The archive is not UTF-8 at byte 1; other encodings and compression are not read"
        ),
    ),
    (
        b'a\nb,"c"d\n',
        "SELECT * FROM archive",
        error("CSVParsingError", 2, 2, "There is text behind the closing quote of a field, at byte 7"),
    ),
]


def failures(desk):
    jobs = [desk.start(desk.parameters(sql, archive=desk.upload(body))) for body, sql, _ in FAILURES]
    for job, (_, _, error) in zip(jobs, FAILURES):
        description = desk.ended(job)
        told = f"{error['code']}: {error['message']} (record {error['recordNumber']}, at byte {error['byteOffset']})"
        assert (description["StatusCode"], description["StatusMessage"]) == ("Failed", told), description
        names = desk.names(description)
        assert names == ["error_manifest.txt", "errors/*", "job.txt"], names
        assert json.loads(desk.read(description, "error_manifest.txt")) == error
    listed = desk.glacier.list_jobs(vaultName=VAULT, statuscode="Failed")["JobList"]
    assert sorted(job["JobId"] for job in listed) == sorted(job["jobId"] for job in jobs), listed
    print("saw four queries fail, each with its record")


def main(endpoint, buckets):
    glacier = boto3.client("glacier", endpoint_url=endpoint, config=Config(retries={"max_attempts": 0}))
    desk = Desk(glacier, buckets)
    happy(desk)
    shown(desk)
    refusals(desk)
    failures(desk)


main(*sys.argv[1:])
