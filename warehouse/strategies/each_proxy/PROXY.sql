-- Proxy PROXY: the highest score of the proxy PROXY on the dataset first. Task-aware (paper, section 2).
select pool, dataset, model,
       row_number() over (partition by pool, dataset order by score desc, model) as rank
from candidate_score
where proxy = 'PROXY'
