"""A batch from object in S3 to committed crosswalk, against the floor of its parts."""
