# Runs any pipeline: docs/guides/docker.md.
FROM python:3.11-slim

# For NVIDIA GPUs: --build-arg EXTRAS=gpu
ARG EXTRAS=""

RUN useradd --create-home --uid 1000 kedro
WORKDIR /home/kedro/project

# What changes rarely first: a change of the code installs nothing again.
COPY pyproject.toml requirements.lock README.md ./
COPY src/cifar_kedro/__init__.py src/cifar_kedro/
RUN pip install --no-cache-dir -c requirements.lock -e ".${EXTRAS:+[$EXTRAS]}"

COPY .telemetry ./
COPY conf conf
COPY src src
# All that is written to: the volume, whose owner is taken from here, and kedro-viz' notes.
RUN install --directory --owner kedro data .viz

ENV KEDRO_DISABLE_TELEMETRY=1
USER kedro
VOLUME /home/kedro/project/data
# As process 1, Python ignores SIGTERM; SIGINT ends a run as Ctrl-C does.
STOPSIGNAL SIGINT
ENTRYPOINT ["kedro"]
