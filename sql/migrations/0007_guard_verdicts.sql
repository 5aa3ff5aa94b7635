alter table matching.predictions add column guard_verdict smallint;
comment on column matching.predictions.guard_verdict is 'What the guards say of the two records, and by which version of the rules (empi_pipeline/identity/verdicts.py); NULL where nobody has looked yet.';
