"""A run is a function: a brief goes in, a bundle comes out, whatever the role."""

from __future__ import annotations

from bot.agents.brief import rendered
from bot.agents.commits import GitFailed
from bot.agents.execution import execute
from bot.agents.ideation import ideate, validate
from bot.agents.review import review
from bot.agents.run_ports import RunPorts
from bot.core.errors.model_errors import ModelError
from bot.core.errors.user_errors import UserError
from bot.core.roles.role import Role
from bot.core.runs.run import Brief, Bundle, Ending


def run_brief(brief: Brief, ports: RunPorts) -> Bundle:
    """Does what the brief asks inside its grant. What a model, its vendor, the workspace or a prompt file can cause is an
    ending of the bundle; nothing of that is raised."""
    try:
        price = ports.model.price(brief.model)
        prompt = rendered(brief, ports.prompts)
        match brief.role:
            case Role.EXECUTION:
                return execute(brief, ports, prompt, price)
            case Role.REVIEW:
                return review(brief, ports, prompt, price)
            case Role.IDEATION:
                return ideate(brief, ports, prompt, price)
            case Role.VALIDATION:
                return validate(brief, ports, prompt, price)
            case Role.WRITER:
                raise UserError("The writer is no agent and has no briefs.")
    except ModelError as error:
        # Before the first request only: the loop makes endings of its own errors.
        return Bundle(run=brief.run, ending=Ending.FAILED, note=f"{error} Name a priced model in the configuration, or add its price.")
    except GitFailed as failed:
        return Bundle(run=brief.run, ending=Ending.FAILED, note=f"The workspace could not be prepared: {failed}")
    except UserError as error:
        return Bundle(run=brief.run, ending=Ending.FAILED, note=str(error))
