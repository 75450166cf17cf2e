"""The paper's own models, datasets and studies, as plain data. Nothing here but `label` loads TensorFlow."""
