-- Empties the predictions of the latest rematch once they are those of the index.
with used as (
    delete from matching.rescorings
)
delete from matching.rescored_predictions
