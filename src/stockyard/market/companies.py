"""Who stands behind the symbols of the built-in market, so that it can be looked up offline.

Promises: values only, rounded as companies round them when they introduce themselves. Must not
know: prices, or who asks.

Sources: the companies' annual reports (10-K) for 2024 and their public profiles; circulating coins
as of the end of 2024, rounded.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from stockyard.market.catalog import CATALOG
from stockyard.model.companies import Company

SOURCE: Final = "built_in"


class _Row(NamedTuple):
    symbol: str
    sector: str
    industry: str
    headquarters: str
    homepage: str
    employees: int
    listed_on: str
    million_units: int
    description: str


# fmt: off
_ROWS: Final = (
    _Row("AAPL", "Technology", "Consumer electronics", "Cupertino, California",
         "https://www.apple.com", 164_000, "1980-12-12", 15_000,
         "Makes phones, computers, tablets and watches, and sells services around them."),
    _Row("MSFT", "Technology", "Software", "Redmond, Washington",
         "https://www.microsoft.com", 228_000, "1986-03-13", 7_430,
         "Sells software and cloud computing to companies and people, and game consoles."),
    _Row("NVDA", "Technology", "Semiconductors", "Santa Clara, California",
         "https://www.nvidia.com", 36_000, "1999-01-22", 24_400,
         "Designs graphics and accelerator chips for data centers, games and cars."),
    _Row("AMZN", "Consumer discretionary", "Online retail and cloud", "Seattle, Washington",
         "https://www.amazon.com", 1_556_000, "1997-05-15", 10_600,
         "Runs online stores with their own logistics, and rents out computing."),
    _Row("GOOGL", "Communication services", "Internet services", "Mountain View, California",
         "https://abc.xyz", 183_000, "2004-08-19", 12_100,
         "Holds Google: search, advertising, video, a phone system and a cloud."),
    _Row("META", "Communication services", "Social networks", "Menlo Park, California",
         "https://www.meta.com", 74_000, "2012-05-18", 2_520,
         "Runs social networks and messengers that live on advertising; makes headsets."),
    _Row("TSLA", "Consumer discretionary", "Automobiles", "Austin, Texas",
         "https://www.tesla.com", 125_000, "2010-06-29", 3_210,
         "Makes electric cars, batteries and chargers."),
    _Row("BRK.B", "Financials", "Holding company", "Omaha, Nebraska",
         "https://www.berkshirehathaway.com", 392_000, "1996-05-09", 2_157,
         "Holds insurers, a railway, utilities and large stakes in listed companies."),
    _Row("JPM", "Financials", "Banks", "New York, New York",
         "https://www.jpmorganchase.com", 317_000, "", 2_800,
         "A bank for people, companies and governments, and an asset manager."),
    _Row("V", "Financials", "Payment networks", "San Francisco, California",
         "https://www.visa.com", 31_600, "2008-03-19", 1_940,
         "Runs a network over which cards pay."),
    _Row("JNJ", "Health care", "Pharmaceuticals", "New Brunswick, New Jersey",
         "https://www.jnj.com", 139_000, "1944-09-25", 2_410,
         "Makes medicines and medical devices."),
    _Row("WMT", "Consumer staples", "Retail", "Bentonville, Arkansas",
         "https://www.walmart.com", 2_100_000, "1972-08-25", 8_030,
         "Runs supermarkets and warehouse clubs in many countries."),
    _Row("PG", "Consumer staples", "Household products", "Cincinnati, Ohio",
         "https://www.pg.com", 108_000, "", 2_350,
         "Makes detergents, diapers, razors and other goods of daily use."),
    _Row("XOM", "Energy", "Oil and gas", "Spring, Texas",
         "https://corporate.exxonmobil.com", 61_000, "", 4_390,
         "Finds, refines and sells oil and gas, and makes chemicals."),
    _Row("UNH", "Health care", "Health insurance", "Eden Prairie, Minnesota",
         "https://www.unitedhealthgroup.com", 400_000, "1984-10-17", 920,
         "Insures health, and runs clinics, pharmacies and data services."),
    _Row("HD", "Consumer discretionary", "Home improvement retail", "Atlanta, Georgia",
         "https://www.homedepot.com", 470_000, "1981-09-22", 993,
         "Sells building materials and tools to households and craftsmen."),
    _Row("KO", "Consumer staples", "Beverages", "Atlanta, Georgia",
         "https://www.coca-colacompany.com", 69_700, "", 4_310,
         "Sells concentrates and drinks all over the world."),
    _Row("DIS", "Communication services", "Entertainment", "Burbank, California",
         "https://thewaltdisneycompany.com", 233_000, "1957-11-12", 1_810,
         "Makes films and series, streams them, and runs theme parks."),
    _Row("AMD", "Technology", "Semiconductors", "Santa Clara, California",
         "https://www.amd.com", 28_000, "", 1_620,
         "Designs processors, graphics and accelerator chips."),
    _Row("SPY", "Funds", "Exchange traded fund", "Boston, Massachusetts",
         "https://www.ssga.com", 0, "1993-01-29", 1_050,
         "A fund that holds the shares of the S&P 500 index."),
    _Row("BTC/USD", "Cryptocurrency", "Proof of work", "", "https://bitcoin.org",
         0, "", 20, "The first coin of its kind; there will never be more than 21 million."),
    _Row("ETH/USD", "Cryptocurrency", "Smart contracts, proof of stake", "",
         "https://ethereum.org", 0, "", 120, "The coin that programs on Ethereum run on."),
    _Row("SOL/USD", "Cryptocurrency", "Smart contracts, proof of stake", "",
         "https://solana.com", 0, "", 480, "The coin of a chain made for many transactions."),
    _Row("ADA/USD", "Cryptocurrency", "Smart contracts, proof of stake", "",
         "https://cardano.org", 0, "", 35_000, "The coin of the Cardano chain."),
)
# fmt: on


def _companies() -> Mapping[str, Company]:
    names = {listing.instrument.symbol: listing.instrument.name for listing in CATALOG}
    return {
        row.symbol: Company(
            row.symbol,
            names[row.symbol],
            row.description,
            row.sector,
            row.industry,
            row.homepage,
            row.headquarters,
            row.employees or None,
            date.fromisoformat(row.listed_on) if row.listed_on else None,
            Decimal(row.million_units) * 1_000_000,
            SOURCE,
        )
        for row in _ROWS
    }


COMPANIES: Final = _companies()
"""Every company and coin of the built-in market, by symbol."""
