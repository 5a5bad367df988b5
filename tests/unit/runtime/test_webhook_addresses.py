"""Where webhooks may lead: nowhere but the open internet, however it is written."""

import asyncio
from collections.abc import Sequence

import pytest

from stockyard.runtime import webhook_addresses
from stockyard.runtime.webhook_addresses import Addresses, AddressRefused, is_public

PRIVATE = (
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.8",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::7f00:1",
    "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "100::1",
    "example.com", "", "1.2.3", "0x7f.1",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8")


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_of_the_open_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is(address: str) -> None:
    assert is_public(address)


class Names:
    """A resolver whose answers change from question to question."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), list[tuple[str, int]]()

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0)


async def test_a_name_is_what_it_leads_to_now() -> None:
    names = Names(["8.8.8.8"], ["10.0.0.1"])
    addresses = Addresses(resolve=names)
    target = await addresses.target("https://hook.example/a/b?c=d")
    assert target == (True, "hook.example", 443, "hook.example", "/a/b?c=d", ("8.8.8.8",))
    # The same name means something else by now: it is looked up, and checked, every time.
    with pytest.raises(AddressRefused, match="open internet"):
        await addresses.target("https://hook.example/a/b?c=d")
    assert names.asked == [("hook.example", 443)] * 2


async def test_one_private_address_among_public_ones_is_enough() -> None:
    addresses = Addresses(resolve=Names(["8.8.8.8", "192.168.0.9"]))
    with pytest.raises(AddressRefused):
        await addresses.target("http://hook.example:8080/")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/", "http://127.0.0.1/", "http://127.1/", "http://2130706433/",
        "http://0x7f000001/", "http://0177.0.0.1/", "http://[::1]/", "http://[::ffff:7f00:1]/",
        "http://0/", "http://169.254.169.254/latest/meta-data/", "http://localhost./",
    ],
)  # fmt: skip
async def test_this_machine_is_refused_however_it_is_written(url: str) -> None:
    with pytest.raises(AddressRefused):
        await Addresses().target(url)


async def test_private_ones_are_allowed_where_it_is_said() -> None:
    target = await Addresses(private=True).target("http://127.0.0.1:8080")
    assert target == (False, "127.0.0.1", 8080, "127.0.0.1:8080", "/", ("127.0.0.1",))


async def test_a_name_without_an_address_is_refused_for_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(host: str, port: int) -> Sequence[str]:
        raise OSError

    async def wait(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(webhook_addresses, "RESOLVE_S", 0.01)
    for resolve in (fail, wait, Names([])):
        with pytest.raises(AddressRefused, match="no address") as refused:
            await Addresses(resolve=resolve).target("http://nobody.invalid/")
        assert refused.value.for_now
