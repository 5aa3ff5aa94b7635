-- The values at the given JSON pointers as text: strings without quotes, 1.0 as 1, null and NaN as NULL, the rest as JSON.
select
    line_number,
    list_transform(
        json_extract(line, $pointers),
        lambda value: case
            when json_type(value) = 'DOUBLE'
                then nullif(regexp_replace(json_extract_string(value, '$'), '\.0$', ''), 'NaN')
            else json_extract_string(value, '$')
        end
    ) as texts
from json_lines
order by line_number
