"""A trained model as a folder of files: its SavedModel, the names of its classes, a model card, a picture of its mistakes.

May import `procedures`, `datasets` and below. `model_folder` writes and reads the folder, `card` and `drawing` make what people look at,
`counts` counts right and wrong answers, `predicting` asks a folder's model about pictures.
"""
