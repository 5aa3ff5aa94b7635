-- The rarest value of a column, which stands for those a model has never seen, without reading all values.
create index term_frequencies_rarest on matching.term_frequencies (model_id, column_name, frequency);
