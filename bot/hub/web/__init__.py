"""What every request passes: who asks and with what right, how GitHub words its answers, its limits, and trouble on request."""
