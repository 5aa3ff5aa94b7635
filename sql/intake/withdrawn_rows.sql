-- Line numbers of delivered rows whose source identity is withdrawn; the same digest as identity.withdrawal_digest.
-- Reads the views delivered_rows and withdrawn_digests; $salt: the installation's.
select line_number
from delivered_rows
where unhex(sha256(concat(
    $salt::varchar, strlen(data_source), ':', data_source, strlen(source_person_id), ':', source_person_id
))) in (select identity_digest from withdrawn_digests)
order by line_number
