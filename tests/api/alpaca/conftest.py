import pytest

from tests.api.alpaca.bot import Bot
from tests.api.rig import Rig


@pytest.fixture
async def rig() -> Rig:
    made = Rig()
    made.quote("AAPL", 189.99, 190.01)
    made.quote("BTC/USD", 60000, 60010, 2)
    return made


@pytest.fixture
async def bot(rig: Rig) -> Bot:
    return await Bot.made(rig)
