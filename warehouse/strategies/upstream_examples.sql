-- Most upstream images: the network that was trained on the most images first, a score that costs nothing. Unknown numbers come last.
select pool, dataset, model,
       row_number() over (partition by pool, dataset order by upstream_examples desc nulls last, model) as rank
from candidate
qualify count(upstream_examples) over (partition by pool, dataset) > 0
