-- The standardised values of some records, of the columns that are also delivered.
select
    record_id, first_name, last_name, sex, race, birth_date, death_date, social_security_number, address, city, state,
    zip_code, county, phone
from cleaned.person_records
where record_id = any (%(record_ids)s)
