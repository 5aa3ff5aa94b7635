-- Takes away what changed cases asked before.
delete from identity.case_pairs
where case_id in (select case_id from changed_cases)
