-- Largest network: the most parameters first, a score that costs nothing. Unknown sizes come last.
select pool, dataset, model,
       row_number() over (partition by pool, dataset order by num_params desc nulls last, model) as rank
from candidate
qualify count(num_params) over (partition by pool, dataset) > 0
