-- The change that applied a batch.
select change_id
from identity.changes
where kind = 'batch' and batch_id = %(batch_id)s
