"""What is left of the rate limits: https://docs.github.com/rest/rate-limit/rate-limit"""

from datetime import datetime

from flask import Blueprint, Response

from bot.hub.web.answers import answered
from bot.hub.web.context import current
from bot.hub.web.limits import PER_HOUR, meter

routes = Blueprint("limits", __name__)


@routes.get("/rate_limit")
def overview() -> Response:
    """Asking is free in the primary limit."""
    now, resources = current(), {}
    for name in PER_HOUR:
        most, used, resets_at = meter(now.hub, now.db, now.actor.login, name)
        reset = int(datetime.fromisoformat(resets_at.replace("Z", "+00:00")).timestamp())
        resources[name] = {"limit": most, "used": used, "remaining": max(0, most - used), "reset": reset}
    return answered({"resources": resources, "rate": resources["core"]})
