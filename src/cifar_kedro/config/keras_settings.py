"""Which settings of Keras a user may choose, and which this project sets itself.

Keras takes settings from ``keras.json`` (in ``KERAS_HOME``, or ``~/.keras``) and from the
environment. The user chooses the backend. All other settings that change the mathematics
are set here, or refused by name.
"""

import difflib
import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cifar_kedro.config.errors import MissingPackageError, SettingsError

# How each backend that trains is installed, from the project's folder.
_INSTALL = {
    "tensorflow": "pip install -c requirements.lock -e .",
    "jax": "pip install -c requirements.lock -e '.[jax]'",
    "torch": "pip install -c requirements.lock -e '.[torch]'",
}

# With these Keras would end each training, or each epoch, early and say nothing.
_BOUNDS = {
    "KERAS_MAX_EPOCHS": "For a bound on the epochs: --params max_epochs=1",
    "KERAS_MAX_STEPS_PER_EPOCH": "For short epochs: --env sample",
}


def check_keras() -> None:
    """Refuse a configuration of Keras that can't train as an experiment says.

    It does not import Keras: a run checks this before it does anything else.

    Raises:
        MissingPackageError: If the backend is not installed.
        SettingsError: If there is no such backend, or another setting is refused.
    """
    file = _find_keras_json()
    settings = _read(file)
    backend, source = settings.get("backend", "tensorflow"), f"{file}: backend"
    if chosen := os.environ.get("KERAS_BACKEND"):
        backend, source = chosen, "KERAS_BACKEND"
    _check_backend(backend, source)
    for name, instead in _BOUNDS.items():
        if name in os.environ:
            raise SettingsError(
                f"{name}: received {os.environ[name]!r}, expected it unset: Keras would "
                f"cut every training short. {instead}"
            )
    _check_nnx(settings.get("nnx_enabled", False), f"{file}: nnx_enabled")


def settle_keras() -> None:
    """Import Keras, and overwrite settings of a user's ``keras.json``.

    Raises:
        MissingPackageError: If the backend is not installed.
        SettingsError: If a setting is refused (`check_keras`).
    """
    check_keras()
    try:
        import keras
    except (ValueError, AttributeError) as error:
        raise SettingsError(
            f"Keras can't be imported with {_find_keras_json()}: {error} Correct that "
            "file, or delete it: Keras writes it again."
        ) from error
    for name, value in (
        ("max_epochs", keras.config.max_epochs()),
        ("max_steps_per_epoch", keras.config.max_steps_per_epoch()),
    ):
        if value is not None:  # this process has set it
            raise SettingsError(
                f"keras.config.{name}: received {value}, expected None: Keras would cut "
                f"every training short. Call keras.config.set_{name}(None)"
            )
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)


def _check_backend(backend: Any, source: str) -> None:
    if backend not in _INSTALL:
        close = difflib.get_close_matches(str(backend).lower(), _INSTALL, 1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        raise SettingsError(
            f"{source}: received {backend!r}{hint}, expected one of the backends that "
            f"train: {', '.join(_INSTALL)}"
        )
    if find_spec(backend) is None:
        raise MissingPackageError(
            f"{source}: received {backend!r}, but the package {backend} is not installed "
            f"here. Install it: {_INSTALL[backend]}. Or choose another backend: "
            f"KERAS_BACKEND={'jax' if backend == 'tensorflow' else 'tensorflow'}"
        )


def _check_nnx(enabled: Any, source: str) -> None:
    if "KERAS_NNX_ENABLED" in os.environ:  # as Keras reads it
        source = "KERAS_NNX_ENABLED"
        enabled = os.environ[source].lower() in ("true", "1")
    if enabled:
        raise SettingsError(
            f"{source}: received true, expected false: no experiment was tried with "
            "variables of Flax NNX"
        )


def _find_keras_json() -> Path:
    """Find where Keras looks for its configuration."""
    if home := os.environ.get("KERAS_HOME"):
        return Path(home).expanduser() / "keras.json"
    base = Path("~").expanduser()
    return (base if os.access(base, os.W_OK) else Path("/tmp")) / ".keras/keras.json"


def _read(file: Path) -> dict[str, Any]:
    """Read the configuration. If it is no JSON, Keras ignores it, too."""
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(settings, dict):
        raise SettingsError(
            f"{file}: received a {type(settings).__name__}, expected keys and values as "
            "Keras writes them. Delete the file: Keras writes it again."
        )
    return settings
