import pytest

from cifar_kedro.config import AirflowDag, Mlflow


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"sever": {}}, "sever"),
        ({"server": {"mlflow_traking_uri": "x"}}, "mlflow_traking_uri"),
    ],
)
def test_misspelt_keys_that_would_leave_runs_untracked_are_refused(values, key):
    with pytest.raises(ValueError, match=rf"unknown key '{key}' \(did you mean"):
        Mlflow.model_validate(values)


def test_misspelt_keys_that_the_dag_does_not_ask_for_are_refused():
    with pytest.raises(
        ValueError, match=r"unknown key 'retry' \(did you mean 'retries"
    ):
        AirflowDag.model_validate({"retry": 2})
    AirflowDag.model_validate({"retries": 2, "retry_minutes": 1})
