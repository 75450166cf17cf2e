-- Hybrid with PROXY: the task-agnostic best, then the order of the proxy PROXY without it. At budget B these are the agnostic top 1
-- and the proxy's top B - 1 (paper, section 2). Where no model of the pool has a task-agnostic rank, the proxy's order.
select pool, dataset, model,
       row_number() over (partition by pool, dataset order by coalesce(agnostic.rank = 1, false) desc, aware.rank) as rank
from strategy."PROXY" as aware left join strategy.task_agnostic as agnostic using (pool, dataset, model)
