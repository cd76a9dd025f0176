"""An app's id and private key as people paste them: put right where only one thing can be meant, and refused in words where not."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.core.errors.user_errors import UserError


def app_id(where: str, text: str) -> int:
    """`where` is the variable or option that it came by. Raises `UserError`."""
    if not (text.strip().isascii() and text.strip().isdigit()):
        raise UserError(f"{where}: expected the app's id, a number that its page shows as `App ID`, found {text!r}.")
    return int(text)


def private_key(where: str, text: str) -> str:
    r"""The PEM text. Line breaks that became `\n` on the way, and quotation marks around it, are undone. Raises `UserError`."""
    lines = text.strip().strip("\"'").replace("\\r", "").replace("\\n", "\n").strip().splitlines()
    key = "".join(f"{line.strip()}\n" for line in lines)
    try:
        found = load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, RSAPrivateKey):
        raise UserError(
            f"{where}: this is not an app's private key. Expected the whole text of the .pem file that GitHub gave you, from "
            '-----BEGIN to the last -----, in a shell as "$(cat key.pem)".'
        )
    return key
