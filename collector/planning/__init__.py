"""Plans a collection: what is missing, in which order to measure it, and what that costs. Loads no TensorFlow.

May import `studies`, `storage` and `spec`. A new order is added to `work_item`, a new device to `cost`.
"""
