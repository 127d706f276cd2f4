"""The files of Kedro's plug-ins: ``mlflow.yml`` and ``airflow.yml``."""

from typing import Any

from pydantic import ConfigDict, Field

from cifar_kedro.config.base import Positive, Strict
from cifar_kedro.config.paths import PathOrAddress


class MlflowServer(Strict):
    """The keys of kedro-mlflow's section ``server``.

    They are checked here, too: kedro-mlflow only runs if there is an address.

    Attributes:
        mlflow_tracking_uri: Address of the tracking server. With null the environment
            variable ``MLFLOW_TRACKING_URI`` counts. Without both nothing is tracked.
        mlflow_registry_uri: Address of the model registry; the server's address if null.
        credentials: The entry of ``credentials.yml`` with user and password.
        request_header_provider: See kedro-mlflow's documentation.
    """

    mlflow_tracking_uri: PathOrAddress | None = None
    mlflow_registry_uri: PathOrAddress | None = None
    credentials: str | None = None
    request_header_provider: dict[str, Any] | None = None


class Mlflow(Strict):
    """``mlflow.yml``. kedro-mlflow checks the other sections.

    Attributes:
        server: The address of the server, and the credentials.
        tracking: The names of MLflow's experiment and runs; kedro-mlflow's keys.
        ui: Host and port for ``kedro mlflow ui``; kedro-mlflow's keys.
    """

    model_config = ConfigDict(title="mlflow.yml")

    server: MlflowServer = MlflowServer()
    tracking: dict[str, Any] | None = None
    ui: dict[str, Any] | None = None


class AirflowDag(Strict):
    """A section of ``airflow.yml``, for ``cifar_kedro_dag.py.j2``.

    Attributes:
        max_active_tasks: Tasks at the same time.
        retries: How often a failed task is tried again.
        retry_minutes: How many minutes Airflow waits before it tries again.
    """

    model_config = ConfigDict(title="airflow.yml")

    max_active_tasks: Positive | None = None
    retries: int | None = Field(default=None, ge=0)
    retry_minutes: float | None = Field(default=None, ge=0)
