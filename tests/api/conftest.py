import pytest

from tests.api.rig import Rig, Trader


@pytest.fixture
async def rig() -> Rig:
    made = Rig()
    made.quote("AAPL", 189.99, 190.01)
    made.quote("BTC/USD", 60000, 60010, 2)
    return made


@pytest.fixture
async def ann(rig: Rig) -> Trader:
    return await rig.trader()


@pytest.fixture
async def bob(rig: Rig) -> Trader:
    return await rig.trader("bob@example.com")
