-- The content hash of each delivered row, over an encoding that no two different rows share (see content_hash.py).
select
    line_number,
    unhex(sha256(concat(
        coalesce(strlen(data_source) || ':', '-'), data_source,
        coalesce(strlen(source_person_id) || ':', '-'), source_person_id,
        coalesce(strlen(first_name) || ':', '-'), first_name,
        coalesce(strlen(last_name) || ':', '-'), last_name,
        coalesce(strlen(sex) || ':', '-'), sex,
        coalesce(strlen(race) || ':', '-'), race,
        coalesce(strlen(birth_date) || ':', '-'), birth_date,
        coalesce(strlen(death_date) || ':', '-'), death_date,
        coalesce(strlen(social_security_number) || ':', '-'), social_security_number,
        coalesce(strlen(address) || ':', '-'), address,
        coalesce(strlen(city) || ':', '-'), city,
        coalesce(strlen(state) || ':', '-'), state,
        coalesce(strlen(zip_code) || ':', '-'), zip_code,
        coalesce(strlen(county) || ':', '-'), county,
        coalesce(strlen(phone) || ':', '-'), phone,
        extra_key
    ))) as content_hash
from delivered_rows
order by line_number
