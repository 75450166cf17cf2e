-- Tidy tables: one number a row, in the columns model, dataset, measure and value.
-- columns: model, dataset, measure, value
--
-- Also read where there are any: repeat, learning_rate, seconds, validation_value, lower_is_better, unit. The measure finetune is the test
-- accuracy, linear and knn are accuracies on validation images, every other measure is a proxy. needle export --tidy writes such tables.
from input
