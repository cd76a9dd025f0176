"""REST: repositories, who works on them, their hooks and rulesets."""
