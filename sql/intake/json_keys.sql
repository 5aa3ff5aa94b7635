-- The keys of each line, in their order; NULL where the line is not one JSON object.
select
    line_number,
    case when json_valid(line) then case json_type(line) when 'OBJECT' then json_keys(line) end end as keys
from json_lines
order by line_number
