-- The cleaned form of some records, in the columns of the cleaned schema.
select
    record_id,
    data_source,
    source_person_id,
    first_name,
    last_name,
    sex,
    race,
    birth_date,
    death_date,
    social_security_number,
    address,
    city,
    state,
    zip_code,
    county,
    phone,
    middle_name,
    name_suffix,
    address_unit,
    phone_extension,
    email,
    previous_last_names,
    other_addresses,
    identifiers
from cleaned.person_records
where record_id = any(%(record_ids)s::bigint[])
