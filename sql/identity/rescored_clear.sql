-- Empties the predictions of the latest rematch once they are those of the index.
delete from matching.rescored_predictions
