"""The pytest plugin, in pytest runs of its own."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]
PLUGIN = "stockyard.testing.plugin"


@pytest.fixture
def run(pytester: pytest.Pytester) -> "Runner":
    return Runner(pytester)


class Runner:
    """Runs tests that are given as text."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester

    def __call__(self, *options: str, **files: str) -> pytest.RunResult:
        self.pytester.makepyfile(**files)
        return self.pytester.runpytest_subprocess(
            "-p", PLUGIN, "-p", "no:asyncio", "-W", "error", *options
        )


def test_each_test_has_a_world_of_its_own(run: Runner) -> None:
    result = run(
        test_two="""
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_one(broker, number):
            assert broker.orders() == []
            assert broker.client.accounts.read().cash == "100000.00"
            placed = broker.client.orders.place(
                "BTC/USD", "buy", 1, type="limit", time_in_force="gtc", limit_price=100)
            assert [one.id for one in broker.orders("open")] == [placed.id]
            assert broker.now().isoformat() == "2026-01-05T14:30:00+00:00"
            broker.advance(60)
            assert broker.now().isoformat() == "2026-01-05T14:31:00+00:00"
            assert broker.stream_url == broker.url.replace("http", "ws") + "/stream"
        """
    )
    result.assert_outcomes(passed=2)


def test_several_worlds_and_accounts_in_one_test(run: Runner) -> None:
    result = run(
        test_many="""
        def test_many(broker, new_broker):
            other = new_broker(cash="5000", start="2026-01-05T16:30:00-05:00")
            assert other.url != broker.url
            assert other.client.accounts.read().cash == "5000.00"
            assert not other.clock.read().is_open and broker.clock.read().is_open
            bob = broker.account("Bob", cash=250)
            assert bob.client.accounts.read().cash == "250.00"
            assert broker.client.accounts.read().cash == "100000.00"
            bob.client.orders.place(
                "BTC/USD", "buy", 1, type="limit", time_in_force="gtc", limit_price=100)
            assert len(bob.orders()) == 1 and broker.orders() == other.orders() == []
        """
    )
    result.assert_outcomes(passed=1)


def test_options_come_from_settings_marks_and_calls(run: Runner) -> None:
    run.pytester.makeini("[pytest]\nstockyard_cash = 7\nstockyard_profile = brutal\n")
    result = run(
        test_options="""
        import pytest

        def test_setting(broker):
            account = broker.client.accounts.read()
            assert (account.cash, account.profile) == ("7.00", "brutal")

        @pytest.mark.stockyard(cash="9", journal="disk")
        def test_mark(broker, tmp_path):
            account = broker.client.accounts.read()
            assert (account.cash, account.profile) == ("9.00", "brutal")
            assert broker.data == tmp_path / "stockyard" and (broker.data / "journal.db").is_file()

        @pytest.mark.stockyard(cahs="9")
        def test_misspelt(broker):
            pass

        @pytest.mark.stockyard(start="soon")
        def test_no_time(broker):
            pass
        """
    )
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*cahs: there is no such option; expected journal, market, *"])
    result.stdout.fnmatch_lines(["*start 'soon': expected next_open, now or a time with its zone*"])


def test_a_simulated_market_has_prices_and_repeats_itself(run: Runner) -> None:
    result = run(
        test_market="""
        def test_market(new_broker):
            seen = []
            for seed in (5, 5, 6):
                broker = new_broker(market="simulated", seed=seed)
                first = broker.client.quote("AAPL").bid
                assert first is not None and broker.clock.read().is_open
                assert broker.now().isoformat() == "2026-01-05T14:30:00+00:00"
                broker.advance(20)
                seen.append((first, broker.client.quote("AAPL").bid))
            assert seen[0] == seen[1] != seen[2]
        """
    )
    result.assert_outcomes(passed=1)


def test_a_broken_world_fails_its_test(run: Runner) -> None:
    result = run(
        test_broken="""
        def test_broken(broker):
            world = broker.world.server.world
            world.engine.state.books[1] = None
            world.engine.apply = None
            try:
                broker.set_quote("AAPL", 1, 2)
            except Exception:
                pass
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*stopped on a fault of its own*"])


def test_a_failed_test_shows_its_worlds_event_log(run: Runner) -> None:
    result = run(
        test_fails="""
        def test_fails(broker):
            broker.note("from here on it goes wrong")
            broker.client.orders.place(
                "BTC/USD", "buy", 1, type="limit", time_in_force="gtc", limit_price=100)
            assert broker.orders() == []

        def test_passes(broker):
            broker.note("nobody sees this")
        """
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*Stockyard at http://127.0.0.1:*", "*from here on it goes wrong*", "*BTC/USD*"]
    )
    result.stdout.no_fnmatch_line("*nobody sees this*")


def test_nothing_is_left_behind(run: Runner) -> None:
    result = run(
        test_clean="""
        import gc, os, threading
        import pytest

        def files():
            gc.collect()
            return len(os.listdir("/proc/self/fd"))

        def test_first(broker):
            broker.client.quotes()

        @pytest.mark.parametrize("journal", ["memory", "disk"])
        def test_clean(new_broker_of, journal):
            threads, held = set(threading.enumerate()), files()
            new_broker_of(journal)
            for left in set(threading.enumerate()) - threads:
                left.join(5)  # told to end, on its way out
            assert set(threading.enumerate()) <= threads, threading.enumerate()
            assert files() <= held

        @pytest.fixture
        def new_broker_of(tmp_path):
            from stockyard.testing.broker import open_broker

            def use(journal):
                with open_broker(tmp_path / "data", {"journal": journal}) as broker:
                    broker.client.quotes()
                    broker.advance(5)

            return use
        """
    )
    result.assert_outcomes(passed=3)


def test_the_bots_time_is_the_worlds(run: Runner) -> None:
    result = run(
        bot="""
        import time
        from datetime import datetime, timezone

        def poll(broker, times):
            seen = []
            for _ in range(times):
                seen.append(datetime.now(timezone.utc).strftime("%H:%M"))
                time.sleep(60)
            return seen
        """,
        test_time="""
        import time, bot

        def test_time(broker):
            begun = time.monotonic()
            with broker.time():
                assert bot.poll(broker, 4) == ["14:30", "14:31", "14:32", "14:33"]
            assert broker.now().isoformat() == "2026-01-05T14:34:00+00:00"
            assert time.monotonic() - begun < 30
        """,
    )
    result.assert_outcomes(passed=1)


def test_who_does_not_use_it_pays_nothing() -> None:
    """Loading the plugin loads nothing of the house but itself."""
    code = f"import pytest, sys; before = set(sys.modules); import {PLUGIN}; "
    code += "print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["stockyard", "stockyard.testing", PLUGIN]
