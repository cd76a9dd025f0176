"""The issue that a proposal becomes."""

from __future__ import annotations

from bot.core.ideas.ideation import FileValidProposal
from bot.core.markdown import subject
from bot.core.markdown.blocks import Block, comment, page, paragraph, tasks
from bot.core.markdown.inline import line, prose
from bot.core.markdown.passages import passage


def proposal_mark(run: str) -> str:
    return comment(f"groundskeeper:proposal {run}")


def proposal_title(filing: FileValidProposal) -> str:
    return subject.title(filing.proposal.title)


def proposal_body(filing: FileValidProposal) -> str:
    proposal = filing.proposal
    return page(
        Block(proposal_mark(filing.run)),
        passage(proposal.description),
        Block("## Acceptance criteria"),
        tasks((False, prose(text)) for text in proposal.criteria),
        Block("## Approach"),
        passage(proposal.approach),
        Block("## Evidence"),
        passage(proposal.evidence),
        paragraph(line("Category: {category}. Proposed by the bot and found valid by its review role.", category=proposal.category)),
    )
