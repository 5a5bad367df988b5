"""What mails about signing in say, in plain text.

Promises: a letter says who sends it, what it is for, how long its link works, and what to do when
one did not ask for it; no word in it is a user's own, or anybody could have this Stockyard send
theirs to a stranger. Must not know: how it is sent, or who reads it.
"""

from typing import NamedTuple


class Letter(NamedTuple):
    """A mail before it is sent."""

    subject: str
    text: str


def sign_in(root: str, token: str) -> Letter:
    """The link that signs somebody in."""
    return Letter(
        "Sign in to Stockyard",
        f"Hello,\n\nopen this link to sign in. It works once, for 15 minutes:\n\n"
        f"{root}/api/v1/auth/verify?token={token}\n\n"
        f"{_not_you('do nothing: without the link nobody gets in.')}",
    )


def reset(root: str, token: str) -> Letter:
    """The link that lets somebody choose a new password."""
    return Letter(
        "Choose a new password for Stockyard",
        f"Hello,\n\nopen this link to choose a new password. It works once, for 15"
        f" minutes:\n\n{root}/reset#{token}\n\n"
        f"{_not_you('do nothing: your password stays as it is.')}",
    )


def confirm_email(root: str, token: str) -> Letter:
    """The link that confirms a new address."""
    return Letter(
        "Confirm your new e-mail address for Stockyard",
        f"Hello,\n\nopen this link to use this address from now on. It works once, for 24"
        f" hours:\n\n{root}/confirm-email#{token}\n\n"
        f"{_not_you('do nothing: nothing changes.')}",
    )


def finish_sign_up(root: str, token: str) -> Letter:
    """The link that finishes a sign-up."""
    return Letter(
        "Open your Stockyard account",
        f"Hello,\n\nopen this link to choose a password and open your account. It works once, for"
        f" 24 hours:\n\n{root}/finish#{token}\n\n"
        f"{_not_you('do nothing: no account is opened.')}",
    )


def already_known(root: str) -> Letter:
    """To a user's address that somebody wants to sign up with, or to take."""
    return Letter(
        "You have a Stockyard account",
        f"Hello,\n\nsomebody asked Stockyard to use this address. There is an account with it"
        f" already. Sign in:\n\n{root}/sign-in\n\nor choose a new password:\n\n{root}/forgot\n\n"
        f"{_not_you('do nothing: nothing changes.')}",
    )


def email_changed(root: str, email: str) -> Letter:
    """To the old address, once another one is confirmed."""
    return Letter(
        "Your e-mail address for Stockyard was changed",
        f"Hello,\n\nfrom now on Stockyard writes to {email}.\n\n"
        f"{_not_you('whoever runs this Stockyard should hear of it: ' + root)}",
    )


def password_changed(root: str) -> Letter:
    """After a password was replaced."""
    return Letter(
        "Your password for Stockyard was changed",
        f"Hello,\n\nyou chose a new password, and every other session was signed out.\n\n"
        f"{_not_you('choose another one at once: ' + root + '/forgot')}",
    )


def second_factor_off(root: str) -> Letter:
    """After the second factor was turned off."""
    return Letter(
        "Your second factor for Stockyard was turned off",
        f"Hello,\n\nfrom now on your password alone signs you in.\n\n"
        f"{_not_you('choose another password at once: ' + root + '/forgot')}",
    )


def _not_you(right: str) -> str:
    return f"If that was not you, {right}\n\nStockyard\n"
