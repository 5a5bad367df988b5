"""Goal: a name in any script is readable in a PDF, or says that it is not."""

import pytest

from stockyard.api.papers.paper import Paper
from stockyard.api.papers.pdf import document
from stockyard.api.papers.printed import ENCODING, as_printed


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Ann O'Hara €5 “x”", "Ann O'Hara €5 “x”"),
        ("Žofie Dvořáková", "Žofie Dvoráková"),
        ("Łukasz Wałęsa", "Lukasz Walesa"),
        ("Nguyễn Văn Đức", "Nguyen Van Duc"),
        ("Щербаков Юрий", "Shcherbakov Iurii"),
        ("Зеленський Їжак", "Zelenskii Izhak"),
        ("Παπαδόπουλος Ψ", "Papadopoylos Ps"),
        ("ﬁve ①", "five 1"),
        ("田中 さくら", "?? ???"),
        ("مريم", "????"),
        ("", ""),
    ],
)
def test_letters_as_they_are_printed(name: str, printed: str) -> None:
    assert as_printed(name) == printed
    printed.encode(ENCODING)


def test_every_letter_there_is_becomes_something_printable() -> None:
    for code in range(0x20, 0x30000, 7):
        if not 0xD800 <= code < 0xE000:
            as_printed(f"a{chr(code)}b").encode(ENCODING)


def test_the_paper_says_that_letters_were_spelled() -> None:
    def made(name: str) -> bytes:
        return document(Paper("Statement", name, [], [], []))

    assert len(made("Щербаков")) > len(made("Shcherbakov"))
    assert made("Щербаков") == made("Щербаков")
