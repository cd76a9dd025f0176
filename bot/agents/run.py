"""A run is a function: a brief goes in, a bundle comes out, whatever the role."""

from __future__ import annotations

from bot.agents.brief import rendered
from bot.agents.commits import GitFailed
from bot.agents.execution import execute
from bot.agents.ideation import ideate, validate
from bot.agents.outside import Outside
from bot.agents.review import review
from bot.core.roles import Role
from bot.core.run import Brief, Bundle, Ending
from bot.core.trouble import ModelTrouble, UserError


def run_brief(brief: Brief, outside: Outside) -> Bundle:
    """Does what the brief asks inside its grant. What a model, its vendor, the workspace or a prompt file can cause is an
    ending of the bundle; nothing of that is raised."""
    try:
        price = outside.model.price(brief.model)
        prompt = rendered(brief, outside.prompts)
        match brief.role:
            case Role.EXECUTION:
                return execute(brief, outside, prompt, price)
            case Role.REVIEW:
                return review(brief, outside, prompt, price)
            case Role.IDEATION:
                return ideate(brief, outside, prompt, price)
            case Role.VALIDATION:
                return validate(brief, outside, prompt, price)
            case Role.CLERK:
                raise UserError("The clerk is no agent and has no briefs.")
    except ModelTrouble as trouble:
        # Before the first request only: the loop makes endings of its own troubles.
        return Bundle(run=brief.run, ending=Ending.FAILED, note=f"{trouble} Name a priced model in the configuration, or add its price.")
    except GitFailed as failed:
        return Bundle(run=brief.run, ending=Ending.FAILED, note=f"The workspace could not be prepared: {failed}")
    except UserError as error:
        return Bundle(run=brief.run, ending=Ending.FAILED, note=str(error))
