"""Create the bucket of inbox and exports, with versions of objects kept; again changes nothing.

The application itself never creates a bucket: a mistyped name must be an error, not a new place for person records.
"""

import os
import sys

import boto3
from botocore.exceptions import ClientError


def main() -> None:
    """Create the bucket that `EMPI_S3_BUCKET` names at the endpoint `EMPI_S3_ENDPOINT_URL`."""
    bucket = os.environ["EMPI_S3_BUCKET"]
    client = boto3.client("s3", endpoint_url=os.environ["EMPI_S3_ENDPOINT_URL"])
    try:
        client.create_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
            raise
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    sys.stdout.write(f"bucket {bucket} is ready\n")


if __name__ == "__main__":
    main()
