"""Train and evaluate. Each experiment has this pipeline under its own name."""

from kedro.pipeline import Node, Pipeline

from cifar_kedro.pipelines.modelling.nodes import (
    evaluate_model,
    flag_evaluation,
    train_model,
)

PARAMETERS = ("params:seed", "params:max_epochs", "params:execution")


def create_pipeline(experiment: str) -> Pipeline:
    """Make the modelling pipeline of one experiment.

    Args:
        experiment: Its name. It is the namespace of the nodes and datasets, and the key of
            its block in the parameters.
    """
    return Pipeline(
        [
            _train(),
            _evaluate(),
            Node(
                flag_evaluation,
                inputs=["metrics", "predictions"],
                outputs="evaluated",
                name="flag_evaluation_node",
            ),
        ],
        namespace=experiment,
        inputs={"development", "split", "test", "identical_images"},
        outputs={"evaluated": f"{experiment}_evaluated"},
        parameters={
            "params:experiment": f"params:{experiment}",
            **{name: name for name in PARAMETERS},
        },
        tags="modelling",
    )


def _train() -> Node:
    return Node(
        train_model,
        inputs=[
            "development",
            "split",
            "identical_images",
            "params:experiment",
            *PARAMETERS,
            "checkpoint",
        ],
        outputs=["model", "best_model", "history", "provenance"],
        name="train_model_node",
    )


def _evaluate() -> Node:
    return Node(
        evaluate_model,
        inputs=[
            "model",
            "best_model",
            "history",
            "provenance",
            "test",
            "params:experiment",
            "params:seed",
        ],
        outputs=["metrics", "predictions"],
        name="evaluate_model_node",
    )
