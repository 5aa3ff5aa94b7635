-- The content hash of each delivered row, over an encoding that no two different rows share (see content_hash.py).
select
    line_number,
    unhex(sha256(concat(
        coalesce(concat(strlen(data_source), ':'), '-'), data_source,
        coalesce(concat(strlen(source_person_id), ':'), '-'), source_person_id,
        coalesce(concat(strlen(first_name), ':'), '-'), first_name,
        coalesce(concat(strlen(last_name), ':'), '-'), last_name,
        coalesce(concat(strlen(sex), ':'), '-'), sex,
        coalesce(concat(strlen(race), ':'), '-'), race,
        coalesce(concat(strlen(birth_date), ':'), '-'), birth_date,
        coalesce(concat(strlen(death_date), ':'), '-'), death_date,
        coalesce(concat(strlen(social_security_number), ':'), '-'), social_security_number,
        coalesce(concat(strlen(address), ':'), '-'), address,
        coalesce(concat(strlen(city), ':'), '-'), city,
        coalesce(concat(strlen(state), ':'), '-'), state,
        coalesce(concat(strlen(zip_code), ':'), '-'), zip_code,
        coalesce(concat(strlen(county), ':'), '-'), county,
        coalesce(concat(strlen(phone), ':'), '-'), phone,
        extra_key
    ))) as content_hash
from delivered_rows
order by line_number
