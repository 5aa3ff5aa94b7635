"""Who works on a batch: a session lock of Postgres, which ends with the process that holds it."""

from empi_pipeline.postgres import Connection


def claim(connection: Connection, batch_id: str) -> bool:
    """Take the batch for as long as this connection lives; False if somebody else has it."""
    row = connection.execute("select pg_try_advisory_lock(hashtext('empi batch'), hashtext(%s))", [batch_id]).fetchone()
    return row == (True,)


def is_claimed(connection: Connection, batch_id: str) -> bool:
    """Whether a living process works on the batch."""
    if claim(connection, batch_id):
        connection.execute("select pg_advisory_unlock(hashtext('empi batch'), hashtext(%s))", [batch_id])
        return False
    return True
