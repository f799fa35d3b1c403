"""The names that OpenTelemetry gives to what agents do, and ours where it has none.

Written down here because ``opentelemetry-semantic-conventions`` deprecates its constants for
generative AI: the conventions moved to a repository of their own and are in development.

Source:
    open-telemetry/semantic-conventions-genai: "GenAI agent and framework spans" (internal
    invoke-agent span, invoke-workflow span) and "Generative AI metrics", 2026.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "AGENT_DURATION",
    "AGENT_ID",
    "AGENT_NAME",
    "AGENT_SECONDS",
    "AGENT_VERSION",
    "ATTEMPT",
    "ATTEMPTS",
    "ATTEMPT_NUMBER",
    "ATTEMPT_SECONDS",
    "ERROR_TYPE",
    "INVOKE_AGENT",
    "INVOKE_WORKFLOW",
    "OPERATION",
    "PROVIDER",
    "PROVIDER_NAME",
    "RUN_ID",
    "STAGE_ID",
    "STATUS",
    "WORKFLOW_DURATION",
    "WORKFLOW_NAME",
    "WORKFLOW_SECONDS",
]

OPERATION: Final = "gen_ai.operation.name"
INVOKE_AGENT: Final = "invoke_agent"
INVOKE_WORKFLOW: Final = "invoke_workflow"
PROVIDER: Final = "gen_ai.provider.name"
PROVIDER_NAME: Final = "registry_core"
AGENT_ID: Final = "gen_ai.agent.id"
AGENT_NAME: Final = "gen_ai.agent.name"
AGENT_VERSION: Final = "gen_ai.agent.version"
WORKFLOW_NAME: Final = "gen_ai.workflow.name"
ERROR_TYPE: Final = "error.type"
WORKFLOW_DURATION: Final = "gen_ai.invoke_workflow.duration"
AGENT_DURATION: Final = "gen_ai.invoke_agent.duration"

RUN_ID: Final = "agentreg.run.id"
STAGE_ID: Final = "agentreg.stage.id"
STATUS: Final = "agentreg.status"
ATTEMPT: Final = "agentreg.attempt"
ATTEMPT_NUMBER: Final = "agentreg.attempt.number"
ATTEMPT_SECONDS: Final = "agentreg.attempt.seconds"
ATTEMPTS: Final = "agentreg.attempts"

AGENT_SECONDS: Final = tuple(0.01 * 2**power for power in range(14))
WORKFLOW_SECONDS: Final = (0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)
