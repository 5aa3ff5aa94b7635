-- Rates over time of one dimension, oldest first.
select measurement.measured_at, rates.rate, rates.label, rates.value, rates.low, rates.high
from evaluation.rates as rates
join evaluation.measurements as measurement using (measurement_id)
where rates.dimension = %(dimension)s
    and (%(since)s::timestamptz is null or measurement.measured_at >= %(since)s)
order by measurement.measured_at, measurement.measurement_id, rates.rate, rates.label
