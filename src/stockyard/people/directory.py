"""The front desk of this room: everything ``api`` and ``app`` ask about people, in one object.

Promises: authentication looks in memory only and takes microseconds; every write is durable before
it is visible; an unknown e-mail and a wrong password get the same error after the same work. One
writer: a database serves one ``People`` at a time, called from one thread. Time (wall, ns) and
randomness come from outside. Failed sign-ins are counted in memory: a restart forgets them. Must
not know: HTTP, the engine, threads.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from secrets import token_bytes
from typing import NamedTuple

import msgspec

from stockyard.people.alerts import Alerts
from stockyard.people.api_keys import ApiKey, ApiKeys, checked_scopes
from stockyard.people.attempts import AttemptedDatabase, concerns
from stockyard.people.changing import Changes, Personal
from stockyard.people.deliveries import Deliveries
from stockyard.people.errors import ThrottledError, UserError
from stockyard.people.identity import ROLE_SCOPES, Identity, Role, UserStatus
from stockyard.people.inbox import Inbox
from stockyard.people.letters import Letter, email_changed
from stockyard.people.limits import DEFAULT_LIMITS, PURGE_ROWS, PeopleLimits
from stockyard.people.links import LinkKind, Links, Write
from stockyard.people.outbox import Outbox
from stockyard.people.passwords import PasswordCheck
from stockyard.people.portfolio_days import PortfolioDays
from stockyard.people.preferences import Preferences
from stockyard.people.registration import Opening, Registration, Registrations
from stockyard.people.schema import migrate
from stockyard.people.sealing import Sealer, new_key
from stockyard.people.second_factor import SecondFactors
from stockyard.people.sessions import NOWHERE, Place, Session, Sessions
from stockyard.people.sign_ups import Asking, SignUps
from stockyard.people.telling import Telling
from stockyard.people.throttle import Throttle, address_key
from stockyard.people.tokens import TokenPair, Tokens
from stockyard.people.user_preferences import UserPreferences
from stockyard.people.user_rates import UserRates
from stockyard.people.users import (
    User,
    Users,
    checked_name,
    checked_password,
    checked_role,
    may_act,
    normal_email,
)
from stockyard.people.watchlists import Watchlists
from stockyard.people.webhooks import Webhooks
from stockyard.storage.ports import Database


class LoginAttempt(NamedTuple):
    """A sign-in between its two steps; the last two hold None when the e-mail is nobody's."""

    email: str
    address: str
    user_id: str | None
    password_hash: str | None


class SignIn(NamedTuple):
    """A new session; the token is shown once."""

    token: str
    expires_ns: int
    user: User


class People:
    """Users, their accounts, sessions and keys, loaded from one database."""

    def __init__(
        self,
        database: Database,
        limits: PeopleLimits = DEFAULT_LIMITS,
        random_bytes: Callable[[int], bytes] = token_bytes,
        sealer: Sealer | None = None,
    ) -> None:
        """Migrate the database and load it; raises ``StorageError`` (``SchemaTooNew`` is one).

        Without a ``sealer`` what is sealed here can be opened here alone.
        """
        migrate(database)
        database = self.attempts = AttemptedDatabase(database)
        self.sealer = Sealer((new_key(),)) if sealer is None else sealer
        self._database = database
        self._users = Users(database)
        self._registrations = Registrations(database, self._users, limits, random_bytes)
        self._sessions = Sessions(database, limits, random_bytes)
        self._keys = ApiKeys(database, limits, random_bytes)
        self.second_factors = SecondFactors(database, limits, random_bytes, self.sealer)
        self.tokens = Tokens(database, limits, random_bytes, self.sealer)
        self.changes = Changes(database, self._users, self._identify)
        self.watchlists = Watchlists(database, limits, random_bytes)
        self.preferences = Preferences(database)
        self.rates = UserRates(database)
        self.portfolio_days = PortfolioDays(database)
        self.inbox = Inbox(database, limits, random_bytes)
        self.outbox = Outbox(database, random_bytes, self.sealer)
        self.telling = Telling(self._users, self.inbox, self.outbox, UserPreferences(database))
        self.alerts = Alerts(database, limits, random_bytes, self.telling.tell)
        self.links = Links(database, self._users, self.outbox, random_bytes)
        self.sign_ups = SignUps(database, self._users, self.outbox, self.links, random_bytes)
        self.webhooks = Webhooks(database, limits, random_bytes, self.sealer)
        self.deliveries = Deliveries(database, self.webhooks, self.inbox)
        window_ns, entries_max = limits.failure_window_ns, limits.throttle_entries_max
        self._by_email = Throttle(limits.failures_per_email_max, window_ns, entries_max)
        self._by_address = Throttle(limits.failures_per_address_max, window_ns, entries_max)
        self.changes.personal += self._personal()
        self._identities: dict[str, Identity] = {}
        self._key_identities: dict[str, Identity] = {}
        for user in self._users:
            self._identify(user.id)

    def authenticate_token(self, token: str, now_ns: int) -> Identity | None:
        """Who holds this session or access token; None if wrong, expired, or the user is not
        active.
        """
        session = self._sessions.find(token, now_ns)
        if session is not None:
            return self._identities.get(session.user_id)
        family = self.tokens.find(token, now_ns)
        if family is None:
            return None
        identity = self._identities.get(family.user_id)
        if identity is None:
            return None
        return msgspec.structs.replace(
            identity, scopes=identity.scopes.intersection(family.scopes), family_id=family.id
        )

    def authenticate_key(self, key_id: str, secret: str, now_ns: int) -> Identity | None:
        """Who holds this API key; None if wrong, revoked, or the user is not active."""
        if not self._keys.verify(key_id, secret):
            return None
        identity = self._key_identities.get(key_id)
        if identity is not None:
            self._keys.note_use(key_id, now_ns)
        return identity

    def begin_login(self, email: str, address: str, now_ns: int) -> LoginAttempt:
        """First step of a sign-in; it counts as failed until ``finish_login`` says otherwise.

        The caller then runs ``Passwords.check(attempt.password_hash, password)`` in its thread.
        Raises ``ThrottledError`` when the e-mail or the address has had too many failures.
        """
        place = address_key(address)
        try:
            known_as = normal_email(email)
        except UserError:
            # Nobody can be guessed at through such text, and one bucket for all of it would let
            # strangers lock each other's typing errors out.
            self._charge("", place, now_ns)
            return LoginAttempt("", place, None, None)
        self._charge(known_as, place, now_ns)
        user = self._users.by_email(known_as)
        stored = self._users.password_hash("" if user is None else user.id)
        return LoginAttempt(known_as, place, None if user is None else user.id, stored)

    def finish_login(
        self,
        attempt: LoginAttempt,
        check: PasswordCheck,
        now_ns: int,
        place: Place = NOWHERE,
        code: str = "",
    ) -> SignIn:
        """Second step of a sign-in: open a session if the password was right.

        Raises what ``settle_login`` and ``open_session`` raise.
        """
        return self.open_session(self.settle_login(attempt, check, now_ns), now_ns, place, code)

    def settle_login(self, attempt: LoginAttempt, check: PasswordCheck, now_ns: int) -> User:
        """Second step of a sign-in: who it is, if the password was right.

        Raises ``UserError``: ``invalid_credentials`` whatever was wrong; and, only to who knows the
        password, ``registration_unfinished`` or ``user_not_active``.
        """
        user = None if attempt.user_id is None else self._users.get(attempt.user_id)
        if user is None or not check.matches:
            raise UserError(
                "invalid_credentials",
                "",
                "the e-mail address or the password is wrong",
                "check both; letter case counts in the password only",
            )
        self._by_email.refund(attempt.email, now_ns)
        self._by_address.refund(attempt.address, now_ns)
        _require_active(user)
        if check.new_hash is not None:
            self._users.store_password_hash(user.id, check.new_hash)
        return user

    def open_session(
        self,
        user: User,
        now_ns: int,
        place: Place = NOWHERE,
        code: str = "",
        life_ns: int | None = None,
    ) -> SignIn:
        """Open a session for somebody whose first factor is settled; ``code``: the second one's.

        Raises ``UserError``: ``registration_unfinished``, ``user_not_active``,
        ``second_factor_required``, ``invalid_code``, ``too_many_sessions``; ``ThrottledError``.
        """
        _require_active(user)
        self.second_factors.require(user.id, code, now_ns)
        concerns(user.id)
        token, session = self._sessions.open(user.id, now_ns, place, life_ns)
        return SignIn(token, session.expires_ns, user)

    def sign_in_by_link(
        self, token: str, now_ns: int, place: Place, code: str, life_ns: int
    ) -> SignIn:
        """Open a session by a link that was sent, and use the link up.

        Raises ``UserError`` ``invalid_link`` and what ``open_session`` raises; then the link works
        on.
        """
        link = self.links.find(LinkKind.SIGN_IN, token, now_ns)
        found = self.open_session(self._users.require(link.user_id), now_ns, place, code, life_ns)
        # Of a crash in between nobody has the session's token, and the link works on.
        self.links.use(link)
        return found

    def reset_password(self, token: str, password_hash: str, letter: Letter, now_ns: int) -> User:
        """Store the hash of a new password by a link that was sent; every session, token family and
        link of the user ends, and ``letter`` tells of it.

        Raises ``UserError`` ``invalid_link``.
        """
        link = self.links.find(LinkKind.RESET, token, now_ns)
        user = self._users.require(link.user_id)
        concerns(user.id)

        def work(transaction: Database) -> None:
            transaction.execute(
                "UPDATE users SET password_hash = ? WHERE id = ?", (password_hash, user.id)
            )
            self._sessions.store_close_all(transaction, user.id)
            self.tokens.store_close_all(transaction, user.id)
            self.links.store_forget(transaction, user.id)
            self._tell(transaction, user.email, letter, now_ns)

        self._database.transact(work)
        self._sessions.forget_all(user.id)
        self.tokens.forget_all(user.id)
        return user

    def confirm_email(self, token: str, root: str, now_ns: int) -> tuple[User, User]:
        """Give a user the address that a link was sent to; the user before and after.

        Raises ``UserError``: ``invalid_link``, ``email_taken``.
        """
        link = self.links.find(LinkKind.EMAIL, token, now_ns)
        before = self._users.require(link.user_id)
        concerns(before.id)
        after = self.changes.email(before.id, link.email)

        def work(transaction: Database) -> None:
            self.links.store_forget(transaction, before.id)
            self._tell(transaction, before.email, email_changed(root, after.email), now_ns)

        self._database.transact(work)
        return before, after

    def _tell(self, transaction: Database, to: str, letter: Letter, now_ns: int) -> None:
        """Write to somebody about what happens anyway, also where no mail can be put any more."""
        with suppress(UserError):
            self.outbox.put(to, letter.subject, letter.text, now_ns, transaction=transaction)

    def open_tokens(
        self, user: User, scopes: Collection[str], now_ns: int, place: Place, code: str = ""
    ) -> TokenPair:
        """Open a family of tokens for somebody whose first factor is settled.

        Raises what ``open_session`` raises, and ``UserError``: ``invalid_scopes``,
        ``scope_not_allowed``.
        """
        _require_active(user)
        wanted = checked_scopes(scopes, user.role)
        self.second_factors.require(user.id, code, now_ns)
        concerns(user.id)
        return self.tokens.begin(user.id, wanted, now_ns, place)

    def refresh_tokens(self, token: str, now_ns: int, place: Place) -> TokenPair:
        """New tokens for a refresh token. Raises as ``Tokens.refresh``."""
        return self.tokens.refresh(token, now_ns, place)

    def begin_confirm(self, user_id: str, address: str, now_ns: int) -> LoginAttempt:
        """First step of asking a user who is signed in for the password again.

        It counts as failed until ``finish_confirm``. Raises ``ThrottledError``.
        """
        return self.begin_login(self._users.require(user_id).email, address, now_ns)

    def finish_confirm(
        self, attempt: LoginAttempt, check: PasswordCheck, now_ns: int, code: str, *, coded: bool
    ) -> User:
        """Second step: the user, if the password was right, and the code where there is a second
        factor and ``coded`` asks for it.

        Raises ``UserError``: ``wrong_password``, ``second_factor_required``, ``invalid_code``;
        ``ThrottledError``.
        """
        user = None if attempt.user_id is None else self._users.get(attempt.user_id)
        if user is None or not check.matches:
            raise UserError(
                "wrong_password", "password", "the password is wrong", "send your present password"
            )
        self._by_email.refund(attempt.email, now_ns)
        self._by_address.refund(attempt.address, now_ns)
        _require_active(user)
        if coded:
            self.second_factors.require(user.id, code, now_ns)
        return user

    def change_password(
        self, user_id: str, password_hash: str, token: str, letter: Letter | None, now_ns: int
    ) -> int:
        """Store the hash of a new password; every session, token family and link ends but the
        session of ``token``, and ``letter`` tells of it. Returns how many were signed out.
        """
        user = self._users.require(user_id)

        def work(transaction: Database) -> None:
            transaction.execute(
                "UPDATE users SET password_hash = ? WHERE id = ?", (password_hash, user_id)
            )
            self._sessions.store_close_others(transaction, user_id, token)
            self.tokens.store_close_all(transaction, user_id)
            self.links.store_forget(transaction, user_id)
            if letter is not None:
                self._tell(transaction, user.email, letter, now_ns)

        self._database.transact(work)
        return self._sessions.forget_others(user_id, token) + self.tokens.forget_all(user_id)

    def disable_second_factor(self, user_id: str, letter: Letter | None, now_ns: int) -> None:
        """Forget a user's second factor; ``letter`` tells of it. Raises ``UserError``
        ``second_factor_off``.
        """
        user = self._users.require(user_id)
        self.second_factors.check_begun(user_id)

        def work(transaction: Database) -> None:
            self.second_factors.store_forget(transaction, user_id)
            if letter is not None:
                self._tell(transaction, user.email, letter, now_ns)

        self._database.transact(work)
        self.second_factors.forget(user_id)

    def leave(self, user_id: str, password_hash: str, now_ns: int) -> User:
        """Erase a user who asked for it; see ``Changes.leave``. Raises ``UserError``
        ``last_admin``.
        """
        self._keep_an_admin(self._users.require(user_id))
        accounts = self._registrations.account_ids(user_id)
        return self.changes.leave(user_id, accounts, password_hash, now_ns)

    def _personal(self) -> list[Personal]:
        """What is kept here for users, and goes with them."""
        return [
            Personal(
                lambda t, u, _: self._sessions.store_close_all(t, u),
                lambda u, _: self._sessions.forget_all(u),
            ),
            Personal(
                lambda t, u, _: self.tokens.store_close_all(t, u),
                lambda u, _: self.tokens.forget_all(u),
            ),
            Personal(
                lambda t, u, _: self.second_factors.store_forget(t, u),
                lambda u, _: self.second_factors.forget(u),
            ),
            Personal(
                lambda t, u, _: self._keys.store_erase(t, u), lambda u, _: self._erase_keys(u)
            ),
            Personal(lambda t, u, _: self.links.store_forget(t, u), _nothing),
            Personal(
                lambda t, u, _: self.webhooks.store_erase(t, u),
                lambda u, _: self.webhooks.erase(u),
            ),
            Personal(
                lambda t, _, a: self.watchlists.store_erase(t, a),
                lambda _, a: self.watchlists.erase(a),
            ),
            Personal(
                lambda t, _, a: self.preferences.store_erase(t, a),
                lambda _, a: self.preferences.erase(a),
            ),
            Personal(lambda t, u, _: self.inbox.forget_user(u, t), _nothing),
            Personal(
                lambda t, u, _: self.alerts.forget_user(u, t), lambda *_: self.alerts.recount()
            ),
            Personal(lambda t, u, _: self.telling.forget_user(u, t), _nothing),
            Personal(
                lambda t, u, _: self.outbox.store_erase(t, self._users.require(u).email), _nothing
            ),
        ]

    def _erase_keys(self, user_id: str) -> None:
        for key in self._keys.of_user(user_id):
            self._key_identities.pop(key.key_id, None)
        self._keys.erase(user_id)

    def sessions(self, user_id: str, now_ns: int) -> tuple[Session, ...]:
        """A user's sessions, newest first."""
        return self._sessions.of_user(user_id, now_ns)

    def end_session(self, user_id: str, session_id: str) -> None:
        """End one of a user's sessions or token families. Raises ``UserError``
        ``unknown_session``.
        """
        ended = self._sessions.close_named(user_id, session_id)
        if not ended and not self.tokens.end(user_id, session_id):
            raise UserError(
                "unknown_session",
                "session_id",
                "there is no such session",
                "name one of GET /api/v1/auth/sessions",
            )

    def end_other_sessions(self, user_id: str, token: str) -> int:
        """End every session of a user but that of a token, and every token family; returns how
        many there were.
        """

        def work(transaction: Database) -> None:
            self._sessions.store_close_others(transaction, user_id, token)
            self.tokens.store_close_all(transaction, user_id)

        self._database.transact(work)
        return self._sessions.forget_others(user_id, token) + self.tokens.forget_all(user_id)

    def sign_out(self, token: str) -> bool:
        """End one session; False when there was none."""
        return self._sessions.close(token)

    def sign_out_everywhere(self, user_id: str) -> int:
        """End every session and token family of a user; returns how many there were."""
        return self.end_other_sessions(user_id, "")

    def check_registration(
        self, name: str, email: str, password: str, address: str = "", now_ns: int = 0
    ) -> None:
        """Refuse a registration before the work of hashing its password is spent.

        An address that is taken counts as a failure of the network ``address``, if there is one: so
        nobody asks for many. Raises ``UserError``: ``invalid_name``, ``invalid_email``,
        ``invalid_password``, ``email_taken``, ``too_many_users``; ``ThrottledError``.
        """
        checked_name(name)
        normal = normal_email(email)
        checked_password(password, normal)
        place = address_key(address)
        if address:
            self._charge("", place, now_ns)
        self._registrations.check_room(normal)
        if address:
            self._by_address.refund(place, now_ns)

    def begin_registration(
        self, name: str, email: str, password_hash: str, role: str, opening: Opening, now_ns: int
    ) -> Registration:
        """Store a pending user; see ``Registrations.begin``."""
        return self._registrations.begin(name, email, password_hash, role, opening, now_ns)

    def ask_sign_up(self, asking: Asking, write: Write, known: Letter, now_ns: int) -> User | None:
        """Send an address the link that finishes a sign-up; see ``SignUps.ask``, which raises, and
        ``UserError`` ``too_many_users``.
        """
        self._registrations.check_places()
        return self.sign_ups.ask(asking, write, known, now_ns)

    def finish_sign_up(
        self, token: str, password_hash: str, opening: Opening, now_ns: int
    ) -> Registration:
        """Store a pending user by a link that was sent; it is used up once the account is open.

        Raises ``UserError``: ``invalid_link``, ``too_many_users``.
        """
        found = self.sign_ups.find(token, now_ns)
        opening = opening._replace(name=found.account_name)
        return self._registrations.begin(
            found.name, found.email, password_hash, Role.USER, opening, now_ns
        )

    def begin_account(self, user_id: str, opening: Opening, now_ns: int) -> Registration:
        """Store the wish for a further account; see ``Registrations.begin_account``."""
        return self._registrations.begin_account(user_id, opening, now_ns)

    def complete_registration(self, key: str, account_id: int) -> User:
        """Link the account the engine opened; see ``Registrations.complete``."""
        registration = self._registrations.complete(key, account_id)
        self._identify(registration.user_id)
        return self._users.require(registration.user_id)

    def abandon_registration(self, key: str) -> None:
        """Drop what the engine denied; see ``Registrations.abandon``."""
        self._registrations.abandon(key)

    def unfinished(self) -> tuple[Registration, ...]:
        """Half-finished registrations, oldest first, for start-up to complete."""
        return self._registrations.unfinished()

    def user(self, user_id: str) -> User | None:
        """The user with this id."""
        return self._users.get(user_id)

    def user_by_email(self, email: str) -> User | None:
        """The user with this address, in any letter case; None too when it is not an address."""
        try:
            return self._users.by_email(normal_email(email))
        except UserError:
            return None

    def session_count(self, user_id: str) -> int:
        """How many sign-ins of a user are kept."""
        return self._sessions.count(user_id)

    def accounts(self, user_id: str) -> tuple[Registration, ...]:
        """A user's open accounts, oldest first."""
        return self._registrations.owned(user_id)

    def holders(self) -> list[tuple[str, tuple[int, ...]]]:
        """Every user whose accounts go on, with these, oldest first; closed ones are left out."""
        found = [
            (user.id, self._registrations.account_ids(user.id))
            for user in self._users
            if user.status not in (UserStatus.PENDING, UserStatus.CLOSED)
        ]
        return [(user_id, account_ids) for user_id, account_ids in found if account_ids]

    def account_owner(self, account_id: int) -> Registration | None:
        """Whose account this is."""
        return self._registrations.owner(account_id)

    def set_status(self, user_id: str, status: str) -> User:
        """Suspend, close or reactivate a user; unless active, every session ends and keys rest.

        Raises ``UserError``: ``user_not_active`` for a pending user or one closed already, which
        stay as they are, ``last_admin``; and ``UnknownUser``.
        """
        user = self._users.require(user_id)
        if status == user.status:
            return user
        if user.status in (UserStatus.PENDING, UserStatus.CLOSED) or status == UserStatus.PENDING:
            raise UserError(
                "user_not_active",
                "status",
                f"a {user.status} user cannot become {status}",
                "only active and suspended users can be suspended, closed or made active",
            )
        self._keep_an_admin(user)
        changed = user

        def work(transaction: Database) -> None:
            nonlocal changed
            changed = self._users.store_status(transaction, user_id, status)
            if status != UserStatus.ACTIVE:
                self._sessions.store_close_all(transaction, user_id)
                self.tokens.store_close_all(transaction, user_id)

        self._database.transact(work)
        self._users.keep(changed)
        if status != UserStatus.ACTIVE:
            self._sessions.forget_all(user_id)
            self.tokens.forget_all(user_id)
        self._identify(user_id)
        return changed

    def set_role(self, user_id: str, role: str) -> User:
        """Give a user another role; its sessions and keys have that role's scopes from now on.

        Raises ``UserError``: ``invalid_role``, ``last_admin``; and ``UnknownUser``.
        """
        user = self._users.require(user_id)
        if checked_role(role) == user.role:
            return user
        self._keep_an_admin(user)
        self._users.keep(self._users.store_role(user_id, role))
        self._identify(user_id)
        return self._users.require(user_id)

    def users(self) -> tuple[User, ...]:
        """Every user, oldest first."""
        return tuple(self._users)

    def _keep_an_admin(self, leaving: User) -> None:
        """Refuse what would leave nobody who may administer."""
        if leaving.role != Role.ADMIN or not may_act(leaving):
            return
        if not any(u.role == Role.ADMIN and may_act(u) and u is not leaving for u in self._users):
            raise UserError(
                "last_admin",
                "",
                "nobody else administers this Stockyard",
                "give another active user the role admin first",
            )

    def create_key(
        self, user_id: str, account_id: int, name: str, scopes: Collection[str], now_ns: int
    ) -> tuple[ApiKey, str]:
        """Make an API key for one of the user's accounts; returns it with its secret, shown once.

        Raises ``UserError``: ``user_not_active``, ``unknown_account``, ``invalid_scopes``,
        ``scope_not_allowed``, ``invalid_name``, ``too_many_api_keys``; and ``UnknownUser``.
        """
        user = self._users.require(user_id)
        if not may_act(user):
            raise UserError(
                "user_not_active", "", f"the user is {user.status}", "only active users make keys"
            )
        if account_id not in self._registrations.account_ids(user_id):
            raise UserError(
                "unknown_account", "account_id", "there is no such account", "name one of yours"
            )
        wanted = checked_scopes(scopes, user.role)
        key, secret = self._keys.create(user_id, account_id, name, wanted, now_ns)
        self._identify(user_id)
        return key, secret

    def keys(self, user_id: str) -> tuple[ApiKey, ...]:
        """A user's keys without their secrets, oldest first, revoked ones included."""
        return self._keys.of_user(user_id)

    def revoke_key(self, user_id: str, key_id: str, now_ns: int) -> ApiKey:
        """End a key for ever. Raises ``UserError`` ``unknown_api_key``."""
        key = self._keys.revoke(user_id, key_id, now_ns)
        self._key_identities.pop(key_id, None)
        return key

    def purge_expired(self, now_ns: int, rows_max: int = PURGE_ROWS) -> int:
        """Delete at most ``rows_max`` expired sessions, and as many token families; returns how
        many. Call it now and then.
        """
        self.links.purge_expired(now_ns)
        self.sign_ups.purge_expired(now_ns)
        gone = self._sessions.purge_expired(now_ns, rows_max)
        return gone + self.tokens.purge_expired(now_ns, rows_max)

    def flush_last_used(self, rows_max: int = PURGE_ROWS) -> int:
        """Write at most ``rows_max`` notes of use of keys, and as many of sessions; returns how
        many are left to write.
        """
        left = self._keys.flush_last_used(rows_max) + self._sessions.flush_last_seen(rows_max)
        return left + self.tokens.flush_last_seen(rows_max)

    def _charge(self, email: str, place: str, now_ns: int) -> None:
        """Count a failure for the address and, unless empty, the e-mail, or raise."""
        wait_s = self._by_address.wait_s(place, now_ns)
        if email:
            wait_s = max(wait_s, self._by_email.wait_s(email, now_ns))
        if wait_s > 0:
            raise ThrottledError(wait_s)
        self._by_address.charge(place, now_ns)
        if email:
            self._by_email.charge(email, now_ns)

    def _identify(self, user_id: str) -> None:
        """Make the identities of a user and its keys anew, or drop them when it may not act."""
        user = self._users.require(user_id)
        self._identities.pop(user_id, None)
        active = may_act(user)
        if active:
            self._identities[user_id] = Identity(
                user_id=user.id,
                role=user.role,
                scopes=ROLE_SCOPES[user.role],
                account_ids=self._registrations.account_ids(user_id),
                key_id=None,
                name=user.name,
            )
        for key in self._keys.of_user(user_id):
            self._key_identities.pop(key.key_id, None)
            if active and key.revoked_ns is None:
                self._key_identities[key.key_id] = Identity(
                    user_id=user.id,
                    role=user.role,
                    scopes=ROLE_SCOPES[user.role].intersection(key.scopes),
                    account_ids=(key.account_id,),
                    key_id=key.key_id,
                    name=user.name,
                )


def _nothing(user_id: str, account_ids: tuple[int, ...]) -> None:
    """What is not held in memory is not forgotten there."""


def _require_active(user: User) -> None:
    if user.status == UserStatus.PENDING:
        raise UserError(
            "registration_unfinished",
            "",
            "the user's first account is not open yet",
            "try again in a moment",
        )
    if not may_act(user):
        raise UserError(
            "user_not_active",
            "",
            f"the user is {user.status}",
            "ask whoever runs this Stockyard",
        )
