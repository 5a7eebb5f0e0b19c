"""Airflow 3.1 or newer: gate a release; publish it, ask a person, or stop.

Paths are those of the worker. A gate that runs twice on the same evidence decides the same, so
nothing here is retried.
"""

import subprocess

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException

GATE = (
    "privsynth gate evidence.json --policy policy.yaml --out build/verdict.json "
    "--output markdown=build/gate.md --force"
)
NEXT = {0: "publish", 11: "ask_a_person"}


def next_task(code: int) -> str:
    """Return the task that follows an exit code; whatever is not listed stops the run."""
    if code not in NEXT:
        raise AirflowFailException(f"privsynth gate ended with exit code {code}")
    return NEXT[code]


@dag(schedule=None, catchup=False)
def release():
    @task.branch(retries=0)
    def gate() -> str:
        return next_task(subprocess.run(GATE.split(), check=False).returncode)

    @task
    def publish() -> None:
        print("hand over the release folder here")

    # An inconclusive gate lacks evidence. A person can get more of it, and cannot wave it through.
    ask_a_person = HITLOperator(
        task_id="ask_a_person",
        subject="The gate is inconclusive: build/gate.md says what evidence is missing.",
        options=["I will audit again with more data", "The table stays"],
    )
    gate() >> [publish(), ask_a_person]


release()
