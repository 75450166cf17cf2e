"""Measures what a learning curve adds to the time of a fine-tune in the study haystack: python -m bench.curve [MODEL…]

One run of each network on sprite-shape: the seconds of the run by the collector's clock, those of its curve, and their ratio. The curve
takes three more evaluations of 200 images; a run is 125 steps of batch 32 and the evaluations at its end.
"""

import sys

from collector.datasets import loading
from collector.execution.runner import set_up
from collector.networks.hub_module import load
from collector.networks.zoo import saved_model
from collector.procedures.finetune import finetune
from collector.procedures.program import traced_program
from collector.studies import HAYSTACK


def main(names: list[str]) -> None:
    set_up()
    protocol = HAYSTACK.protocol
    dataset = next(dataset for dataset in HAYSTACK.datasets if dataset.dataset == "sprite-shape")
    print(f"{'model':28}{'run, s':>10}{'curve, s':>10}{'ratio':>8}")
    for model in HAYSTACK.models:
        if names and model.model not in names:
            continue
        program = traced_program(load(str(saved_model(model))), model, protocol, HAYSTACK.widest)
        images = loading.load(dataset, protocol, program.image_size)
        run = finetune(program, images, dataset.num_classes, protocol, protocol.learning_rates[0], seed=0)
        print(f"{model.model:28}{run.seconds:10.1f}{run.curve_seconds:10.2f}{run.curve_seconds / run.seconds:8.1%}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
